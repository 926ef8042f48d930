using Harness.Workers.Backends;
using NUnit.Framework;

namespace Harness.Cli.Tests;

/// <summary>
/// Commands on a real llama.cpp, where the tests of Harness.Workers have installed builds: <c>HARNESS_TEST_HOME</c>, or
/// a directory of the system's temporary one.
/// </summary>
public sealed class LlamaCppSpecs
{
    private BuiltHarness _harness = null!;
    private InstalledBackend _newest = null!;

    [SetUp]
    public void Make()
    {
        string home = Environment.GetEnvironmentVariable("HARNESS_TEST_HOME") is { Length: > 0 } named ? named : Path.Combine(Path.GetTempPath(), "harness-test-home");
        if (new BackendStore(home).Find("llama.cpp") is not { } newest)
        {
            Assert.Ignore("no llama.cpp build is installed for the tests: the tests of Harness.Workers install them through npm");
            return;
        }

        _newest = newest;
        _harness = new BuiltHarness();
        _harness.Environment["HARNESS_HOME"] = home;
        Assert.That(_harness.Run("forge", "--arch", "qwen2", "--quant", "Q4_K_M", "--out", "m.gguf").Status, Is.Zero);
    }

    [TearDown]
    public void Remove() => _harness?.Dispose();

    [Test]
    public void The_newest_build_agrees_with_the_built_in_engine()
    {
        Outcome outcome = _harness.Run("compare", "m.gguf");
        Assert.That(outcome.Status, Is.Zero, outcome.Output + outcome.Error);
        Assert.That(outcome.Output, Does.StartWith("agree").And.Contain(_newest.Id).And.Contain("Q4_K"));
    }

    [Test]
    public void A_build_a_name_and_a_directory_give_the_same_bytes()
    {
        string[][] ways = [["--backend", "llama.cpp"], ["--backend", _newest.Id], ["--llama-cpp", _newest.Directory]];
        byte[][] logits = Array.ConvertAll(ways, way =>
        {
            Outcome outcome = _harness.Run(["logits", "m.gguf", "--tokens", "1 17 42", "--out", "x.f32", "--threads", "1", .. way]);
            Assert.That(outcome.Status, Is.Zero, outcome.Error);
            return File.ReadAllBytes(Path.Combine(_harness.Directory, "x.f32"));
        });
        Assert.That(logits[0], Is.Not.Empty.And.EqualTo(logits[1]).And.EqualTo(logits[2]));
    }

    [Test]
    public void A_model_it_cannot_load_is_status_1_in_its_own_words()
    {
        _harness.Write("junk.gguf", "no model");
        Outcome outcome = _harness.Run("logits", "junk.gguf", "--tokens", "1", "--out", "x.f32", "--backend", "llama.cpp");
        Assert.That(outcome.Status, Is.EqualTo(1), outcome.Error);
        Assert.That(outcome.Error, Does.StartWith("error: ").And.Contain("junk.gguf"));
        Assert.That(File.Exists(Path.Combine(_harness.Directory, "x.f32")), Is.False);
    }
}
