using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using Harness.Formats.Forging;
using Harness.Formats.Gguf;
using NUnit.Framework;

namespace Harness.EndToEnd.Tests;

/// <summary>
/// Real failures, provoked in real llama.cpp builds and in the built-in engine, and what <c>harness explain</c> says of them:
/// the right cause, the exact words as evidence, and a next step.
/// </summary>
internal sealed partial class ExplainSpecs
{
    private const string Old = "llama.cpp@b4600";
    private const string New = "llama.cpp@v0.5.0";

    private Bench _bench = null!;

    [SetUp]
    public void Prepare() => _bench = new Bench().WithSharedHome();

    [TearDown]
    public void Remove() => _bench.Dispose();

    [TestCase("probe-smollm3", "F16", "unknown-architecture", "unknown model architecture: 'smollm3'")]
    [TestCase("pre-youtu", "F16", "unknown-pre-tokenizer", "unknown pre-tokenizer type: 'youtu'")]
    [TestCase("probe-formats", "MXFP4", "unsupported-tensor-type", "invalid ggml type 39")]
    [TestCase("probe-gemma2", "F16", "aborted-by-assertion", "fatal error")]
    public async Task An_old_build_fails_in_its_own_words(string model, string quant, string cause, string quote)
    {
        JsonElement explained = await ExplainAsync(cause, quote, ["--model", model, "--quant", quant, "--backend", Old], Old);
        if (cause.StartsWith("un", StringComparison.Ordinal))
            Assert.That(explained.GetProperty("means").GetString(), Does.Contain("the first that loads").And.Contain("receipt"));
    }

    [TestCase("missing", "missing-tensor", "blk.1.ffn_down.weight")]
    [TestCase("misshapen", "misshapen-tensor", "blk.0.ffn_up.weight")]
    [TestCase("extra", "extra-tensors", "wrong number of tensors")]
    [TestCase("key", "missing-metadata", "llama.block_count")]
    [TestCase("pre", "unknown-pre-tokenizer", "nonesuch")]
    [TestCase("architecture", "unknown-architecture", "unknown model architecture: 'nonesuch'")]
    public async Task A_damaged_file_fails_on_the_newest_build(string damage, string cause, string quote) =>
        await ExplainAsync(cause, quote, ["--model", Damaged(damage), "--backend", New], New);

    [TestCase("missing", "missing-tensor", "blk.1.ffn_down.weight")]
    [TestCase("misshapen", "misshapen-tensor", "blk.0.ffn_up.weight")]
    [TestCase("architecture", "unknown-architecture-builtin", "nonesuch")]
    public async Task A_damaged_file_fails_on_the_builtin_engine(string damage, string cause, string quote) =>
        await ExplainAsync(cause, quote, ["--model", Damaged(damage), "--backend", "builtin"], "builtin");

    [Test]
    public async Task A_library_that_is_missing_is_named()
    {
        string libraries = Libraries();
        string broken = Directory.CreateDirectory(_bench.In("broken")).FullName;
        foreach (string file in Directory.EnumerateFiles(libraries).Where(f => !Path.GetFileName(f).StartsWith("libggml", StringComparison.Ordinal)))
            File.Copy(file, Path.Combine(broken, Path.GetFileName(file)));
        await ExplainAsync("missing-library", "libggml", ["--model", "probe-llama", "--quant", "Q8_0", "--llama-cpp", broken, "--backend", "llama.cpp@own"], "llama.cpp@own");
    }

    [Test]
    public async Task A_worker_over_its_memory_limit_is_told_with_what_was_predicted_allowed_and_measured()
    {
        string matrix = Matrix("memory-limit: 60MiB");
        JsonElement explained = await ExplainAsync("out-of-memory", "passed the limit of 60 MiB", ["--matrix", matrix, "--model", "nano", "--quant", "F16", "--backend", New], New);
        Assert.That(explained.GetProperty("means").GetString(), Does.Match(@"Predicted [0-9.]+ MB, limit 60 MiB, measured [0-9.]+ MiB"));
    }

    [Test]
    public async Task A_model_that_cannot_fit_is_not_tried_and_the_prediction_is_the_evidence()
    {
        GgufWriter probe = ProbeForge.Describe("llama", "F16", seed: 1);
        probe.AddTensor("blk.0.huge.weight", 1u, [1 << 16, 1 << 24], (_, bytes) => bytes.Clear());
        string path = _bench.In("huge.gguf");
        using (FileStream file = File.Create(path))
        {
            file.Write(probe.HeaderBytes());
            file.SetLength(probe.FileLength);
        }

        await ExplainAsync("out-of-memory-predicted", "estimated to need", ["--model", path, "--backend", New], New);
    }

    [Test]
    [Platform("Linux", Reason = "SIGSTOP, /proc")]
    public async Task A_worker_that_stops_answering_is_a_timeout()
    {
        string matrix = Matrix("load-timeout: 5s\n  generate-timeout: 5s\n  silence-timeout: 5s");
        _ = Libraries();
        Task<RunResult> running = _bench.TryCellsAsync("out", "--matrix", matrix, "--model", "nano", "--quant", "F16", "--backend", New);
        for (var clock = Stopwatch.StartNew(); !running.IsCompleted && clock.Elapsed < TimeSpan.FromMinutes(1); await Task.Delay(1))
        {
            if (Worker() is not { } worker) continue;
            _ = Signal(worker, 19);
            break;
        }

        RunResult run = await running;
        await ExplainedAsync(run, "timeout", "5 s", New);
    }

    [Test]
    public async Task A_template_that_takes_no_system_message_is_explained_though_nothing_failed()
    {
        const string Template = "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}{{ m.role }}: {{ m.content }}\n{% endfor %}";
        string path = _bench.In("template.gguf");
        ProbeForge.Write("llama", "Q8_0", 1, path, chat: new ForgedChat(Template));
        await ExplainAsync("template-refuses-system", "System role not supported", ["--model", path, "--backend", "builtin"], "builtin");
    }

    [Test]
    public async Task A_backend_that_is_not_here_is_told_with_the_command_that_brings_it()
    {
        _bench.Dispose();
        _bench = new Bench();
        JsonElement explained = await ExplainAsync("backend-absent", "is not installed", ["--model", "probe-llama", "--quant", "Q8_0", "--backend", Old, "--offline"], Old);
        Assert.That(explained.GetProperty("do").GetString(), Does.Contain($"harness backends install {Old}"));
    }

    [Test]
    public async Task A_receipt_is_found_by_the_beginning_of_its_id_and_read_by_a_person()
    {
        RunResult run = await _bench.TryCellsAsync("out", "--model", Damaged("missing"), "--backend", "builtin");
        string id = run.Receipts.Receipts[0].Id;
        ProgramEnd text = await _bench.RunAsync("explain", id[..8], "--in", _bench.In("out"));
        Assert.That(text.Status, Is.Zero, text.Errors);
        Assert.That(text.Output, Does.Contain("missing-tensor").And.Contain("“The tensor 'blk.1.ffn_down.weight' is missing").And.Contain("means").And.Contain("do "));
        Assert.That(File.ReadAllText(run.Report), Does.Contain("| Cause |").And.Contain("a tensor the architecture needs is not in the file"), "the page names the cause beside the cell");
        ProgramEnd none = await _bench.RunAsync("explain", "ffffffffffff", "--in", _bench.In("out"));
        Assert.That(none.Status, Is.EqualTo(2));
        Assert.That(none.Errors, Does.Contain("no receipt's id begins with 'ffffffffffff'"));
    }

    private async Task<JsonElement> ExplainAsync(string cause, string quote, string[] arguments, string backend)
    {
        if (backend != "builtin") _ = arguments.Contains("--offline") ? "" : Libraries(backend == Old ? "b4600" : "v0.5.0");
        return await ExplainedAsync(await _bench.TryCellsAsync("out", arguments), cause, quote, backend);
    }

    private async Task<JsonElement> ExplainedAsync(RunResult run, string cause, string quote, string backend)
    {
        ProgramEnd end = await _bench.RunAsync("explain", _bench.In("out"), "--json");
        Assert.That(end.Status, Is.Zero, end.Errors);
        JsonElement[] all = [.. JsonDocument.Parse(end.Output).RootElement.EnumerateArray().Where(e => e.GetProperty("backend").GetString() == backend)];
        string seen = string.Join('\n', run.Cells.Select(c => $"{c.Coordinates}: {c.Verdict}: {c.Reason}")) + "\n" + string.Join('\n', all.Select(e => e.ToString()));
        JsonElement explained = all.FirstOrDefault(e => e.GetProperty("cause").GetString() == cause);
        Assert.That(explained.ValueKind, Is.EqualTo(JsonValueKind.Object), seen);
        Assert.That(string.Join('\n', explained.GetProperty("evidence").EnumerateArray().Select(e => e.GetProperty("quote").GetString())), Does.Contain(quote), seen);
        Assert.That(explained.GetProperty("means").GetString() + explained.GetProperty("do").GetString(), Is.Not.Empty.And.Not.Contain("{"), seen);
        return explained;
    }

    /// <summary>The libraries of a build; it is installed where npm can, else the test is skipped.</summary>
    private string Libraries(string build = "v0.5.0")
    {
        if (Bench.LlamaCpp(build) is { } there) return there;
        using RunningProgram program = _bench.Start("backends", "install", $"llama.cpp@{build}");
        ProgramEnd end = program.WaitAsync().GetAwaiter().GetResult();
        if (end.Status != 0) Assert.Ignore($"needs llama.cpp@{build}: 'harness backends install llama.cpp@{build}' into {Bench.SharedHome}\n{end.Errors}");
        return Bench.LlamaCpp(build)!;
    }

    private string Forge(string architecture)
    {
        string path = _bench.In($"{architecture}.gguf");
        ProbeForge.Write(architecture, "Q8_0", 1, path);
        return path;
    }

    /// <summary>A probe with one thing wrong.</summary>
    private string Damaged(string damage)
    {
        string sound = Forge("llama"), path = _bench.In($"{damage}.gguf");
        using (GgufFile file = GgufFile.Open(sound))
        {
            var writer = new GgufWriter();
            foreach ((string key, GgufValue value) in file.Metadata)
            {
                if (damage == "key" && key == "llama.block_count") continue;
                if (damage == "architecture" && key == "general.architecture") writer.Set(key, GgufValue.Of("nonesuch"));
                else if (damage == "pre" && key == "tokenizer.ggml.model") writer.Set(key, GgufValue.Of("gpt2"));
                else writer.Set(key, value);
            }

            if (damage == "pre")
            {
                writer.Set("tokenizer.ggml.pre", GgufValue.Of("nonesuch"));
                writer.Set("tokenizer.ggml.merges", GgufValue.OfStrings(["a b"]));
            }

            foreach (GgufTensor tensor in file.Tensors)
            {
                if (damage == "missing" && tensor.Name == "blk.1.ffn_down.weight") continue;
                long[] shape = [.. tensor.Shape];
                if (damage == "misshapen" && tensor.Name == "blk.0.ffn_up.weight") shape[1] /= 2;
                writer.AddTensor(tensor.Name, tensor.TypeNumber, shape, (row, bytes) => file.GetBytes(tensor, row * tensor.RowBytes, bytes.Length).CopyTo(bytes));
            }

            if (damage == "extra") writer.AddTensor("blk.0.mystery.weight", 0u, [4], (_, bytes) => bytes.Clear());
            writer.Save(path);
        }

        return path;
    }

    private string Matrix(string options)
    {
        string path = _bench.In("matrix.yaml");
        File.WriteAllText(path, $"""
            catalogue: {Path.Combine(Repository.Root, "matrix")}
            options:
              {options}
            profiles:
              default:
                models: [nano]
                quants: [F16]
                backends: [builtin, llama.cpp@v0.5.0]
                hardware: [cpu]
            """);
        return path;
    }

    /// <summary>The llama.cpp worker of this test's run, by its command line.</summary>
    private static int? Worker()
    {
        foreach (string folder in Directory.EnumerateDirectories("/proc").Where(d => char.IsAsciiDigit(Path.GetFileName(d)[0])))
        {
            try
            {
                string[] line = File.ReadAllText(Path.Combine(folder, "cmdline")).Split('\0');
                if (line.Length > 3 && line[0] == Repository.Harness && line[1] == "worker" && line[2] == "llama.cpp" && line[3].StartsWith(Bench.SharedHome, StringComparison.Ordinal)
                    && File.ReadLines(Path.Combine(folder, "maps")).Any(m => m.Contains("libllama", StringComparison.Ordinal)))
                    return int.Parse(Path.GetFileName(folder), System.Globalization.CultureInfo.InvariantCulture);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It ended meanwhile.
            }
        }

        return null;
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int pid, int signal);
}
