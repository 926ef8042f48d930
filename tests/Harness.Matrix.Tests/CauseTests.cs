using NUnit.Framework;

namespace Harness.Matrix.Tests;

/// <summary>The catalogue of causes: what is wrong with an entry is said with its place, and an entry says what it fits.</summary>
public sealed class CauseTests
{
    private const string Good = """
        causes:
          - id: no-such-thing
            title: "{thing} is unknown"
            when:
              - kinds: [error]
                message: "unknown thing '(?<thing>[^']*)'"
            means: "{backend} does not know {thing}."
            do: Use another.
            links: ["https://example.org/things"]
        """;

    [TestCase("kinds: [error]", "kinds: [eror]", "5:17", "unknown kind 'eror'", "did you mean 'error'?")]
    [TestCase("kinds: [error]", "kinds: [error]\n        stages: [laod]", "6:18", "unknown stage 'laod'", "did you mean 'load'?")]
    [TestCase("(?<thing>[^']*)", "(?<thing>[^']*", "6:18", "no regular expression", "look-around")]
    [TestCase("unknown thing '(?<thing>[^']*)'", "(?=x)(?<thing>x)", "6:18", "no regular expression", "look-around")]
    [TestCase("{backend} does not", "{bakend} does not", "7:12", "there is no fact {bakend}", "did you mean 'backend'?")]
    [TestCase("[\"https://example.org/things\"]", "[things.html]", "9:13", "'things.html' is no address", "https://")]
    [TestCase("    do: Use another.\n", "", "2:5", "'do' is missing", "")]
    [TestCase("    means:", "    mean:", "7:5", "unknown field 'mean'", "did you mean 'means'?")]
    [TestCase("      - kinds: [error]\n        message: \"unknown thing '(?<thing>[^']*)'\"", "      - stages: [load]", "5:9", "would fit anything", "")]
    public void A_mistake_in_a_cause_is_said_with_its_place(string old, string @new, string at, string says, string remedy)
    {
        using ScratchCatalogue scratch = new();
        Assert.That(Good.Contains(old, StringComparison.Ordinal), Is.True);
        scratch.Write("matrix/causes.yaml", Good.Replace(old, @new, StringComparison.Ordinal));
        Diagnostic[] mistakes = [.. Assert.Throws<MatrixException>(() => scratch.Load())!.Diagnostics];
        Diagnostic? mistake = mistakes.FirstOrDefault(m => m.Message.Contains(says, StringComparison.Ordinal));
        Assert.That(mistake, Is.Not.Null, string.Join('\n', mistakes.Select(m => $"{m.Where}: {m.Message}")));
        Assert.Multiple(() =>
        {
            Assert.That($"{mistake!.Line}:{mistake.Column}", Is.EqualTo(at));
            Assert.That(mistake.File, Does.EndWith("causes.yaml"));
            Assert.That(mistake.Remedy ?? "", Does.Contain(remedy));
        });
    }

    [Test]
    public void An_entry_fits_what_it_says_and_gives_the_facts_it_found()
    {
        using ScratchCatalogue scratch = new();
        scratch.Write("matrix/causes.yaml", Good);
        Cause cause = scratch.Load().Catalogue.Causes.Single();
        bool fits = cause.When[0].Fits(new Symptom("error", "load", "oh: Unknown thing 'x y'!", "builtin"), out IReadOnlyDictionary<string, string> facts);
        Assert.Multiple(() =>
        {
            Assert.That(fits, Is.True);
            Assert.That(facts["thing"], Is.EqualTo("x y"));
            Assert.That(Cause.Fill(cause.Title, facts.GetValueOrDefault), Is.EqualTo("x y is unknown"));
            Assert.That(Cause.Fill("{nothing} stays", _ => null), Is.EqualTo("{nothing} stays"));
            Assert.That(cause.When[0].Fits(new Symptom("timeout", "load", "unknown thing 'x'", "builtin"), out _), Is.False);
        });
    }

    [Test]
    public void What_builds_know_is_read_as_it_was_written()
    {
        using ScratchCatalogue scratch = new();
        var known = new BackendKnowledge(
            BackendId.Parse("llama.cpp@b8390"), new string('a', 64), "2026-11-28", "harness run --profile knowledge",
            [new("llama", "works", null, "0123456789ab"), new("qwen9", "unsupported", "unknown model architecture: 'qwen9' # \"no\"\\: {x}", "abcdef012345")],
            [new("MXFP4", "unsupported", "tensor 'a' has invalid ggml type 39", "0123456789ab")],
            []);
        scratch.Write("matrix/backends/knowledge/" + KnowledgeFile.NameOf(known.Backend), KnowledgeFile.Write(known));
        BackendKnowledge read = scratch.Load().Catalogue.Knowledge.Single();
        Assert.Multiple(() =>
        {
            Assert.That((read.Backend, read.Digest, read.Seen, read.Command), Is.EqualTo((known.Backend, known.Digest, known.Seen, known.Command)));
            Assert.That(read.Architectures, Is.EqualTo(known.Architectures));
            Assert.That(read.TensorType("MXFP4")!.IsUnknown, Is.True);
            Assert.That(read.PreTokenizer("tekken"), Is.Null, "what no probe tried is not known");
        });
    }

    [TestCase("at ~/x/llama.cpp/llama/llama.cpp/src/llama.cpp:48: fatal error", "at src/llama.cpp:48: fatal error")]
    [TestCase("at /build/llama.cpp/ggml/src/ggml.c:31: GGML_ASSERT(x) failed", "at ggml/src/ggml.c:31: GGML_ASSERT(x) failed")]
    [TestCase("unknown model architecture: 'a/b'", "unknown model architecture: 'a/b'")]
    public void Where_a_build_was_made_is_not_kept(string message, string kept)
    {
        var known = new BackendKnowledge(
            BackendId.Parse("llama.cpp@b1"), new string('a', 64), "2026-11-28", "harness run", [new("gemma2", "crashes", message, "0123456789ab")], [], []);
        Assert.That(KnowledgeFile.Write(known), Does.Contain($"message: \"{kept}\""));
    }

    [Test]
    public void A_newer_run_replaces_its_facts_and_keeps_the_others_unless_the_libraries_are_others()
    {
        BackendKnowledge Known(string digest, params KnownFact[] facts) => new(BackendId.Parse("llama.cpp@b1"), digest, "2026-11-28", "harness run", facts, [], []);
        BackendKnowledge old = Known("a", new("llama", "fails", "x", "1"), new("mamba", "works", null, "1"));
        Assert.Multiple(() =>
        {
            Assert.That(old.With(Known("a", new KnownFact("llama", "works", null, "2"))).Architectures.Select(f => $"{f.Name} {f.Verdict} {f.Receipt}"), Is.EqualTo(new[] { "llama works 2", "mamba works 1" }));
            Assert.That(old.With(Known("b", new KnownFact("llama", "works", null, "2"))).Architectures.Select(f => f.Name), Is.EqualTo(new[] { "llama" }));
        });
    }

    [Test]
    public void The_carried_catalogue_has_causes_and_what_each_listed_build_knows()
    {
        Catalogue catalogue = RepositoryFiles.Load().Catalogue;
        string[] listed = [.. catalogue.Backends.SelectMany(b => b.Builds).Where(b => !b.IsBuiltIn).Select(b => b.Id.ToString())];
        Assert.Multiple(() =>
        {
            Assert.That(catalogue.Causes, Has.Count.GreaterThan(30));
            Assert.That(catalogue.Knowledge.Select(k => k.Backend.ToString()), Is.EqualTo(listed));
            foreach (BackendKnowledge known in catalogue.Knowledge)
            {
                Assert.That(known.Architectures, Has.Count.GreaterThan(100), known.Backend.ToString());
                Assert.That(known.Architecture("llama")?.Loads, Is.True, known.Backend.ToString());
                Assert.That(known.TensorType("Q4_K")?.Loads, Is.True, known.Backend.ToString());
                Assert.That(known.PreTokenizer("qwen2")?.Loads, Is.True, known.Backend.ToString());
                Assert.That(known.Architectures.Where(f => !f.Loads && f.Message is null), Is.Empty, "a failure has its exact message");
            }
        });
    }
}
