using System.Text;
using NUnit.Framework;

namespace Harness.Matrix.Tests;

/// <summary>
/// Whatever is wrong with a matrix or a catalogue is said with its file, line and column, and with what to do about it.
/// </summary>
public sealed class MistakeTests
{
    /// <param name="Name">What somebody did.</param>
    /// <param name="File">The file it was done to.</param>
    /// <param name="Old">What stood there; null to replace the whole file.</param>
    /// <param name="New">What stands there now.</param>
    /// <param name="At">Line and column of the message, or null when the whole file is meant.</param>
    /// <param name="Says">Parts of the message and its remedy.</param>
    public sealed record Mistake(string Name, string File, string? Old, string New, string? At, params string[] Says)
    {
        public override string ToString() => Name;
    }

    private const string Matrix = "matrix.yaml", Tiny = "matrix/models/tiny.yaml", Big = "matrix/models/big.yaml",
        Builtin = "matrix/backends/builtin.yaml", Llama = "matrix/backends/llama.cpp.yaml", Prompts = "matrix/prompts/all.yaml",
        Hardware = "matrix/hardware/apis.yaml", Works = "matrix/expectations.yaml";

    private static readonly Mistake[] Mistakes =
    [
        // The YAML itself.
        new("an empty file", Matrix, null, "", null, "the file is empty"),
        new("a file of comments", Matrix, null, "# nothing yet\n", null, "the file is empty"),
        new("a tab in the indentation", Matrix, "    models: [tiny]", "\tmodels: [tiny]", "3:1", "a tab", "spaces"),
        new("a bracket that is never closed", Matrix, "[tiny]", "[tiny", "3:13", "not YAML", "bracket"),
        new("a quote that is never closed", Prompts, "\"1+1=\"", "\"1+1=", null, "not YAML"),
        new("a line indented too little", Tiny, "    origin: forged", "   origin: forged", null, "not YAML"),
        new("a field written twice", Tiny, "family: tiny", "family: tiny\nfamily: big", "2:1", "'family' is written twice", "line 1"),
        new("an alias inside its own anchor", Matrix, "models: [tiny]", "models: &loop [tiny, *loop]", "3:26", "loop"),
        new("an alias without an anchor", Matrix, "models: [tiny]", "models: *nothing", "3:13", "*nothing", "no anchor"),
        new("a second document", Matrix, "    hardware: [cpu]", "    hardware: [cpu]\n---\nprofiles: {}", "7:1", "second document"),
        new("nesting without end", Matrix, "[tiny]", new string('[', 40) + new string(']', 40), "3:", "nested more than 32 deep"),
        new("a list as the name of a field", Works, "- models: [tiny]", "- [a, b]: tiny", "2:5", "cannot be the name of a field"),

        // Shapes and types.
        new("a list where a map is expected", Matrix, null, "- profiles\n", "1:1", "a map of fields is wanted here, not a list"),
        new("text where a list is expected", Prompts, "expect:\n      - contains: \"2\"", "expect: two", "6:13", "a list is wanted here, not text"),
        new("a map where text is expected", Tiny, "family: tiny", "family: { name: tiny }", "1:9", "text is wanted here, not a map"),
        new("a word where a number is expected", Big, "layers: 32", "layers: many", "7:15", "a whole number is wanted here, not 'many'"),
        new("a quoted number", Prompts, "max-tokens: 3", "max-tokens: \"3\"", "4:17", "without quotes"),
        new("a fraction where a whole number is expected", Big, "layers: 32", "layers: 3.5", "7:15", "whole number"),
        new("a negative number", Big, "layers: 32", "layers: -32", "7:15", "-32 is out of range", "1 to"),
        new("zero tokens", Prompts, "max-tokens: 3", "max-tokens: 0", "4:17", "0 is out of range", "1 to 1000000"),
        new("a number past any integer", Prompts, "max-tokens: 3", "max-tokens: 99999999999999999999", "4:17", "whole number"),
        new("yes instead of true", Big, "unverified: true", "unverified: yes", "16:51", "true or false is wanted here"),
        new("a duration without a unit", Matrix, "profiles:", "options: { load-timeout: 90 }\nprofiles:", "1:26", "'90' is no duration", "90s"),
        new("a negative duration", Matrix, "profiles:", "options: { load-timeout: -5s }\nprofiles:", "1:26", "no duration"),
        new("a size in words", Matrix, "profiles:", "options: { memory-limit: lots }\nprofiles:", "1:26", "'lots' is no size", "8GiB"),
        new("a negative thread count", Matrix, "profiles:", "options: { threads: -1 }\nprofiles:", "1:21", "-1 is out of range", "1 to 1024"),
        new("a list of nothing", Matrix, "[tiny]", "[]", "3:13", "the list is empty"),
        new("no profile at all", Matrix, null, "profiles: {}\n", "1:11", "no profile", "default"),

        // Fields.
        new("an unknown field", Matrix, "    models: [tiny]", "    modles: [tiny]\n    models: [tiny]", "3:5", "unknown field 'modles'", "did you mean 'models'?"),
        new("an unknown field far down", Big, "kv-heads: 8", "kv_heads: 8", "10:7", "unknown field 'kv_heads'", "did you mean 'kv-heads'?"),
        new("a missing field", Tiny, "family: tiny\n", "", "1:1", "'family' is missing"),
        new("a matrix without profiles", Matrix, null, "catalogue: matrix\n", "1:1", "'profiles' is missing"),
        new("a hub model without a repository", Big, "    repository: owner/big-GGUF\n", "", "4:5", "'repository' is missing"),
        new("a hub model without a shape", Big, null, "family: big\narchitecture: llama\nmodels:\n  - { id: big, repository: o/b, quants: { Q8_0: a.gguf } }", "4:5", "neither 'shape' nor 'parameters'"),
        new("a profile without backends", Matrix, "    backends: [builtin]\n", "", "3:5", "'backends' is missing"),
        new("an address as a repository", Big, "owner/big-GGUF", "https://hub.example/owner/big", "5:17", "no repository", "owner/name"),
        new("a forged model with a repository", Tiny, "origin: forged", "origin: forged\n    repository: o/r", "6:17", "a forged model has no repository"),
        new("a prompt with neither text nor ids", Prompts, "    text: \"1+1=\"\n", "", "2:5", "neither a text nor ids"),
        new("a prompt with both", Prompts, "max-tokens: 3", "max-tokens: 3\n    ids: [1]", "5:10", "both a text and ids"),
        new("a negative token id", Prompts, "text: \"1+1=\"", "ids: [1, -2]", "3:14", "a token id is a whole number from 0"),
        new("heads that do not divide", Big, "kv-heads: 8", "kv-heads: 5", "10:17", "5 key-value heads do not divide 32 heads"),
        new("a quantization from a parent that is not there", Big, "big.Q4_K_M.gguf", "{ quantized-from: F16 }", "15:7", "Q4_K_M is quantized from 'F16'", "Q8_0"),
        new("neither a file nor a parent", Big, "big.Q4_K_M.gguf", "{ unverified: true }", "15:15", "neither a file nor a parent"),
        new("a path out of the catalogue", Big, "big.Q4_K_M.gguf", "../../etc/passwd", "15:15", "no file inside the repository", "without '..'"),
        new("a bad regular expression", Prompts, "contains: \"2\"", "matches: \"(2\"", "7:18", "no regular expression"),
        new("two conditions in one item", Prompts, "- contains: \"2\"", "- { contains: \"2\", starts-with: \"2\" }", "7:39", "stand in one item"),

        // Words.
        new("an unknown origin", Tiny, "origin: forged", "origin: forget", "5:13", "unknown origin 'forget'", "did you mean 'forged'?"),
        new("an unknown quantization", Tiny, "Q8_0]", "Q8_O]", "6:19", "unknown quantization 'Q8_O'", "did you mean 'Q8_0'?"),
        new("an unknown platform", Builtin, "linux-x64", "linux-x86", "3:13", "unknown platform 'linux-x86'", "did you mean 'linux-x64'?"),
        new("an unknown registry", Llama, "registry: npm", "registry: nmp", "5:15", "unknown registry 'nmp'", "npm"),
        new("an unknown hardware API", Hardware, "api: cuda", "api: coda", "3:12", "unknown api 'coda'", "did you mean 'cuda'?"),
        new("an unknown distribution", Llama, "releases: { node-llama-cpp: 3.22.1 }", "releases: { node-lama-cpp: 3.22.1 }", "9:36", "unknown distribution 'node-lama-cpp'", "node-llama-cpp"),
        new("a version with a space", Llama, "version: v0.5.0", "version: v0 5", "9:16", "no backend version", "b8390 or v0.5.0"),
        new("a build listed twice", Llama, "version: b8390", "version: v0.5.0", "10:16", "listed twice"),
        new("an id with capitals", Tiny, "id: tiny", "id: Tiny", "4:9", "'Tiny' is no id", "small letters"),
        new("a bad pattern", Matrix, "[tiny]", "[\"ti[ny\"]", "3:14", "'ti[ny' is no pattern", "never closed"),

        // References.
        new("an unknown model in a profile", Matrix, "[tiny]", "[tny]", "3:14", "unknown model 'tny'", "did you mean 'tiny'?", "there are big, tiny"),
        new("an unknown quantization in a profile", Matrix, "[F16]", "[F61]", "4:14", "unknown quantization 'F61'", "did you mean 'F16'?"),
        new("an unknown backend in a profile", Matrix, "[builtin]", "[llama.cpp@v0.5.1]", "5:16", "unknown backend 'llama.cpp@v0.5.1'", "did you mean 'llama.cpp@v0.5.0'?"),
        new("unknown hardware in a profile", Matrix, "[cpu]", "[cpus]", "6:16", "unknown hardware 'cpus'", "did you mean 'cpu'?"),
        new("an unknown prompt in a profile", Matrix, "    hardware", "    prompts: [some]\n    hardware", "6:15", "unknown prompt 'some'", "there is only sum"),
        new("a pattern that matches no model", Matrix, "[tiny]", "[\"qwen*\"]", "3:14", "no model matches 'qwen*'"),
        new("an unknown model in a prompt", Prompts, "[\"*\"]", "[bigg]", "5:14", "unknown model 'bigg'", "did you mean 'big'?"),
        new("an unknown model in a conversation", Prompts, "[tiny]", "[tinny]", "13:14", "unknown model 'tinny'", "did you mean 'tiny'?"),
        new("a message of nobody", Prompts, "- user: Hello", "- usr: Hello", "11:9", "unknown field 'usr'"),
        new("an unknown model in an expectation", Works, "[tiny]", "[tinny]", "2:14", "unknown model 'tinny'", "did you mean 'tiny'?"),
        new("an id that another file has", Tiny, "id: tiny", "id: big", "4:5", "the model 'big' exists already", "big.yaml:4"),
        new("a catalogue that is not there", Matrix, "profiles:", "catalogue: elsewhere\nprofiles:", null, "no such catalogue directory"),
    ];

    [TestCaseSource(nameof(Mistakes))]
    public void Is_reported_where_it_stands_with_what_to_do(Mistake mistake)
    {
        using ScratchCatalogue scratch = new();
        string before = mistake.Old is null ? "" : ScratchCatalogue.TextOf(mistake.File).ReplaceLineEndings("\n");
        if (mistake.Old is not null) Assert.That(before, Does.Contain(mistake.Old), "the case itself is wrong");
        scratch.Write(mistake.File, mistake.Old is null ? mistake.New : before.Replace(mistake.Old, mistake.New, StringComparison.Ordinal));

        MatrixException exception = Assert.Throws<MatrixException>(() => scratch.Load())!;

        Diagnostic first = exception.Diagnostics[0];
        string report = string.Join('\n', exception.Diagnostics);
        foreach (string part in mistake.Says) Assert.That(first.ToString(), Does.Contain(part), report);
        Assert.That(first.Remedy, Is.Not.Null.And.Not.Empty, report);
        if (mistake.At is { } at)
        {
            Assert.That(first.File, Does.EndWith(Path.GetFileName(mistake.File)), report);
            Assert.That(first.Where, Does.Contain(Path.GetFileName(mistake.File) + ":" + at), report);
        }
    }

    [Test]
    public void There_are_more_than_thirty_kinds_of_mistake_in_the_table() =>
        Assert.That(Mistakes.Select(mistake => mistake.Name).Distinct().Count(), Is.EqualTo(Mistakes.Length).And.GreaterThanOrEqualTo(30));

    [Test]
    public void The_catalogue_the_table_spoils_is_good()
    {
        using ScratchCatalogue scratch = new();
        Assert.That(scratch.Load().Catalogue.Models, Has.Count.EqualTo(2));
    }

    [Test]
    public void One_mistake_is_reported_once_without_others_that_only_follow_from_it()
    {
        foreach (Mistake mistake in Mistakes.Where(mistake => mistake.Name is "an unknown origin" or "an unknown hardware API" or "an unknown registry" or "an unknown quantization" or "a bad pattern"))
        {
            using ScratchCatalogue scratch = new();
            scratch.Write(mistake.File, ScratchCatalogue.TextOf(mistake.File).ReplaceLineEndings("\n").Replace(mistake.Old!, mistake.New, StringComparison.Ordinal));
            Assert.That(Assert.Throws<MatrixException>(() => scratch.Load())!.Diagnostics, Has.Count.EqualTo(1), mistake.Name);
        }
    }

    [Test]
    public void All_mistakes_of_all_files_are_reported_in_one_pass()
    {
        using ScratchCatalogue scratch = new();
        scratch.Write(Matrix, "profilse: {}\noptions: { threads: many, context-length: 1 }\n");
        scratch.Write(Tiny, "family: tiny\nmodels:\n  - { id: tiny, origin: forged, quants: [F61] }\n");
        scratch.Write(Prompts, "prompts: no\n");

        IReadOnlyList<Diagnostic> found = Assert.Throws<MatrixException>(() => scratch.Load())!.Diagnostics;

        string report = string.Join('\n', found);
        foreach (string part in new[] { "'profiles' is missing", "unknown field 'profilse'", "'many'", "1 is out of range", "'architecture' is missing", "'F61'", "a list is wanted here, not text" })
            Assert.That(report, Does.Contain(part));
        Assert.That(found, Has.Count.EqualTo(7), report);
    }

    [Test]
    public void Bytes_that_are_not_UTF_8_are_reported_with_their_place()
    {
        using ScratchCatalogue scratch = new();
        scratch.Write(Tiny, [.. Encoding.UTF8.GetBytes("family: tiny\n# caf"), 0xE9, (byte)'\n']);
        Diagnostic found = Assert.Throws<MatrixException>(() => scratch.Load())!.Diagnostics[0];
        Assert.That((found.Line, found.Column), Is.EqualTo((2, 6)));
        Assert.That(found.ToString(), Does.Contain("0xe9 is not UTF-8"));
    }

    [Test]
    public void UTF_16_is_named_and_a_byte_order_mark_of_UTF_8_is_read_over()
    {
        using ScratchCatalogue scratch = new();
        scratch.Write(Tiny, [0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes(ScratchCatalogue.TextOf(Tiny))]);
        Assert.That(() => scratch.Load(), Throws.Nothing);
        scratch.Write(Tiny, Encoding.Unicode.GetPreamble().Concat(Encoding.Unicode.GetBytes(ScratchCatalogue.TextOf(Tiny))).ToArray());
        Assert.That(() => scratch.Load(), Throws.TypeOf<MatrixException>().With.Message.Contains("UTF-16"));
    }

    [Test]
    public void Aliases_that_expand_to_billions_are_refused_at_once()
    {
        using ScratchCatalogue scratch = new();
        StringBuilder bomb = new("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (int i = 1; i < 20; i++) bomb.Append($"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]\n");
        scratch.Write(Matrix, bomb.ToString());
        Assert.That(() => scratch.Load(), Throws.TypeOf<MatrixException>().With.Message.Contains("the aliases here expand to more than"));
    }

    [Test]
    public void A_matrix_that_is_not_there_or_is_a_directory_is_named()
    {
        using ScratchCatalogue scratch = new();
        Assert.That(() => LoadedMatrix.Load(Path.Combine(scratch.Root, "nothing.yaml")), Throws.TypeOf<MatrixException>().With.Message.Contains("nothing.yaml: there is no such file"));
        Assert.That(() => LoadedMatrix.Load(scratch.Root), Throws.TypeOf<MatrixException>().With.Message.Contains("this is a directory"));
    }

    [Test]
    public void A_catalogue_without_models_says_which_folder_is_empty()
    {
        using ScratchCatalogue scratch = new();
        Directory.Delete(Path.Combine(scratch.Root, "matrix", "models"), recursive: true);
        Assert.That(() => scratch.Load(), Throws.TypeOf<MatrixException>().With.Message.Contains("the catalogue has no models"));
    }

    [Test]
    public void A_file_larger_than_any_matrix_is_not_read()
    {
        using ScratchCatalogue scratch = new();
        scratch.Write(Tiny, new byte[(1 << 20) + 1]);
        Assert.That(() => scratch.Load(), Throws.TypeOf<MatrixException>().With.Message.Contains("larger than 1.0 MiB"));
    }
}
