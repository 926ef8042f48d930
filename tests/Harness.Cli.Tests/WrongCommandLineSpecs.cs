using NUnit.Framework;

namespace Harness.Cli.Tests;

/// <summary>A wrong command line ends with status 2, says what, where and what to do, and prints nothing else.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class WrongCommandLineSpecs
{
    private BuiltHarness _harness = null!;

    [OneTimeSetUp]
    public void Make()
    {
        _harness = new BuiltHarness();
        _harness.Write("junk.gguf", "no model");
        _harness.Write("texts.jsonl", "\"a\"\n");
        _harness.Write("a.f32", "12345678");
        _harness.Write("b.f32", "123456781234");
        _harness.Write("notes/readme.txt", "no libraries here");
        Assert.That(_harness.Run("forge", "--arch", "llama", "--quant", "Q8_0", "--out", "m.gguf").Status, Is.Zero);
    }

    [OneTimeTearDown]
    public void Remove() => _harness.Dispose();

    // A command line, what is wrong (with where), what to do.
    [TestCase("rnu", "rnu", "did you mean 'run'?")]
    [TestCase("run --modle nano", "--modle", "did you mean '--model'?")]
    [TestCase("run --model nanno", "unknown model 'nanno'", "did you mean 'nano'?")]
    [TestCase("run --model none.gguf", "none.gguf", "give a path")]
    [TestCase("run --model hf:onlyowner", "hf:onlyowner", "hf:owner/repo")]
    [TestCase("run --quant Q4_KM", "unknown quantization 'Q4_KM'", "did you mean 'Q4_K_M'?")]
    [TestCase("run --backend lama.cpp", "unknown backend", "did you mean")]
    [TestCase("run --profile defualt", "unknown profile", "did you mean 'default'?")]
    [TestCase("run --shard 5/4", "no shard", "I/N")]
    [TestCase("run --threads 0", "0 is no number of threads", "from 1 to 1024")]
    [TestCase("run --threads two", "two", "harness run --help")]
    [TestCase("run --matrix none.yaml", "none.yaml", "no such file")]
    [TestCase("run --llama-cpp nowhere", "--llama-cpp nowhere", "libllama")]
    [TestCase("run --llama-cpp notes", "--llama-cpp notes", "libllama")]
    [TestCase("run --resume", "there is no run to resume", "--out DIR")]
    [TestCase("logits", "--tokens", "harness logits --help")]
    [TestCase("logits m.gguf --tokens 1", "--out", "harness logits --help")]
    [TestCase("logits m.gguf --tokens 1,x --out o.f32", "'x' is no token id", "--tokens \"1 17 42\"")]
    [TestCase("logits m.gguf --tokens -5 --out o.f32", "-5 is negative", "from 0 on")]
    [TestCase("logits m.gguf --tokens 999999 --out o.f32", "999999 is outside the vocabulary", "ids go from 0 to")]
    [TestCase("logits none.gguf --tokens 1 --out o.f32", "no such file: none.gguf", "a name of the catalogue")]
    [TestCase("logits notes/ --tokens 1 --out o.f32", "is a directory", "config.json")]
    [TestCase("logits nano:Q3_X --tokens 1 --out o.f32", "'Q3_X'", "there are F16")]
    [TestCase("logits m.gguf --quant Q8_0 --tokens 1 --out o.f32", "--quant", "leave --quant out")]
    [TestCase("logits probe-llama:F16 --quant Q8_0 --tokens 1 --out o.f32", "given twice", "not both")]
    [TestCase("logits m.gguf --tokens 1 --out none/o.f32", "--out none/o.f32", "folder that exists")]
    [TestCase("logits m.gguf --tokens 1 --out notes", "--out notes", "folder that exists")]
    [TestCase("logits m.gguf --tokens 1 --out o.f32 --threads 9999", "9999 is no number of threads", "from 1 to 1024")]
    [TestCase("logits m.gguf --tokens 1 --out o.f32 --backend bultin", "there is no backend 'bultin'", "did you mean 'builtin'?")]
    [TestCase("logits m.gguf --tokens 1 --out o.f32 --backend llama.cpp", "llama.cpp is not installed", "harness backends install llama.cpp")]
    [TestCase("logits m.gguf --tokens 1 --out o.f32 --backend llama.cpp@b8390", "llama.cpp@b8390 is not installed", "harness backends install llama.cpp@b8390")]
    [TestCase("logits m.gguf --tokens 1 --out o.f32 --backend llama.cpp@own", "llama.cpp@own", "--llama-cpp DIR")]
    [TestCase("logits m.gguf --tokens 1 --out o.f32 --llama-cpp notes", "--llama-cpp notes", "libllama")]
    [TestCase("tokenize m.gguf", "--jsonl", "harness tokenize --help")]
    [TestCase("tokenize m.gguf --jsonl none.jsonl", "--jsonl none.jsonl", "one JSON string on each line")]
    [TestCase("tokenize m.gguf --jsonl notes", "this is a directory", "one JSON string on each line")]
    [TestCase("tokenize nanno --jsonl texts.jsonl", "no model 'nanno'", "did you mean 'nano'?")]
    [TestCase("tokenize hf:x --jsonl texts.jsonl", "'hf:x'", "hf:owner/repo")]
    [TestCase("compare", "MODEL is missing", "harness compare --help")]
    [TestCase("compare m.gguf", "llama.cpp is not installed", "harness backends install llama.cpp")]
    [TestCase("compare m.gguf --backend builtin --backend builtin --backend builtin", "more than two backends", "held against")]
    [TestCase("compare m.gguf --vocabulary 7", "--vocabulary does not belong here", "harness compare --help")]
    [TestCase("compare a.f32 none.f32 --vocabulary 2", "none.f32", "harness logits")]
    [TestCase("compare a.f32 b.f32", "--vocabulary", "at least 1")]
    [TestCase("compare a.f32 b.f32 --vocabulary 1", "different lengths: 8 and 12 bytes", "the same tokens")]
    [TestCase("compare a.f32 a.f32 --vocabulary 3", "no whole number of tokens", "the vocabulary they belong to")]
    [TestCase("compare a.f32 a.f32 --vocabulary 2 --weights Q4_0x", "'Q4_0x'", "Did you mean Q4_0?")]
    [TestCase("compare a.f32 a.f32 --vocabulary 2 --tokens 1", "--tokens does not belong here", "harness compare --help")]
    [TestCase("forge --arch lama --quant F16 --out x", "lama", "llama, ")]
    [TestCase("forge --like m.gguf --quant F16 --out m.gguf", "replace the file of --like", "another path")]
    [TestCase("forge --arch llama --quant F16 --out none/x", "--out none/x", "folder that exists")]
    [TestCase("models", "harness models", "download")]
    [TestCase("models download justaname:", "justaname:", "hf:owner/repo")]
    [TestCase("models download hf:a/b@main --revision v1", "given twice", "not both")]
    [TestCase("models download a/b --file", "--file", "harness models download --help")]
    [TestCase("backends", "harness backends", "list, install")]
    [TestCase("backends instal llama.cpp", "instal", "did you mean 'install'?")]
    [TestCase("backends install", "BACKEND is missing", "harness backends install --help")]
    [TestCase("backends install lama.cpp", "no backend 'lama.cpp'", "Known are")]
    [TestCase("backends install builtin", "builtin is part of the harness", "nothing to install")]
    [TestCase("backends list --catalogue nowhere", "--catalogue nowhere", "models/")]
    [TestCase("report", "there is no run yet", "harness run")]
    [TestCase("report nowhere", "receipts.jsonl", "Name the folder of a run")]
    [TestCase("doctor --jsn", "--jsn", "did you mean '--json'?")]
    [TestCase("hardware now", "now", "harness hardware --help")]
    public void It_says_what_where_and_what_to_do(string line, string what, string remedy)
    {
        Outcome outcome = _harness.Run(line.Split(' '));
        Assert.That(outcome.Status, Is.EqualTo(2), outcome.Error);
        Assert.That(outcome.Output, Is.Empty);
        string[] lines = outcome.Error.TrimEnd().Split('\n');
        Assert.That(lines[0], Does.StartWith("error: "));
        Assert.That(lines, Has.Length.GreaterThan(1), "where and what to do follow");
        foreach (string further in lines[1..])
            Assert.That(further, Does.StartWith("  ").Or.StartWith("error: ").Or.EndsWith("mistakes"));
        Assert.That(outcome.Error, Does.Contain(what).And.Contain(remedy));
        Assert.That(outcome.Error, Does.Not.Contain("   at Harness"), "no stack trace");
    }

    [TestCase("profiles: {}\n", "plan", "matrix.yaml")]
    [TestCase("catalogue: CARRIED\nprofiles:\n  default:\n    models: [nanno]\n    quants: [F16]\n    backends: [builtin]\n    hardware: [cpu]\n", "run", "'nanno'")]
    [TestCase("options:\n  load-timeout: soon\nprofiles:\n  default:\n    models: [nano]\n", "plan", "matrix.yaml:2:")]
    [TestCase("profiles: [\n", "run", "matrix.yaml")]
    [TestCase("- a\n- b\n", "backends list", "matrix.yaml")]
    [TestCase("catalogue: elsewhere\nprofiles:\n  default:\n    models: [nano]\n", "tokenize nano --jsonl -", "elsewhere")]
    [TestCase("\0\u0001", "report", "receipts")]
    public void A_wrong_matrix_is_named_with_its_line(string matrix, string line, string said)
    {
        using BuiltHarness harness = new();
        harness.Write("matrix.yaml", matrix.Replace("CARRIED", Path.Combine(AppContext.BaseDirectory, "catalogue", "matrix"), StringComparison.Ordinal));
        if (line == "report") line = "report nowhere";
        Outcome outcome = harness.Run(line.Split(' '));
        Assert.That(outcome.Status, Is.EqualTo(2), outcome.Error);
        Assert.That(outcome.Output, Is.Empty);
        Assert.That(outcome.Error, Does.StartWith("error: ").And.Contain(said));
        Assert.That(outcome.Error.ReplaceLineEndings("").Any(char.IsControl), Is.False, "nothing in an error can drive a terminal");
    }

    [TestCase("HF_ENDPOINT", "ftp://nowhere", "plan")]
    [TestCase("HF_ENDPOINT", "not an address", "run --offline")]
    public void A_wrong_variable_is_named(string variable, string value, string line)
    {
        using BuiltHarness harness = new();
        harness.Environment[variable] = value;
        Outcome outcome = harness.Run(line.Split(' '));
        Assert.That(outcome.Status, Is.EqualTo(2), outcome.Error);
        Assert.That(outcome.Error, Does.StartWith("error: ").And.Contain(variable));
        Assert.That(outcome.Output, Is.Empty);
    }
}
