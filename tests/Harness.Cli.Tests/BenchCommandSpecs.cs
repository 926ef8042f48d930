using System.Text.Json;
using NUnit.Framework;

namespace Harness.Cli.Tests;

/// <summary><c>harness bench</c>: the numbers scripts read.</summary>
public sealed class BenchCommandSpecs
{
    private BuiltHarness _harness = null!;

    [SetUp]
    public void Make()
    {
        _harness = new BuiltHarness();
        Assert.That(_harness.Run("forge", "--arch", "qwen2", "--quant", "Q8_0", "--out", "m.gguf").Status, Is.Zero);
    }

    [TearDown]
    public void Remove() => _harness.Dispose();

    [Test]
    public void Json_is_one_object_a_test_with_llama_bench_s_names()
    {
        Outcome outcome = _harness.Run("bench", "m.gguf", "-p", "33", "-n", "4,5", "-d", "0,7", "-t", "1", "-r", "3", "--json");
        Assert.That(outcome.Status, Is.Zero, outcome.Error);
        JsonElement[] tests = [.. JsonDocument.Parse(outcome.Output).RootElement.EnumerateArray()];
        Assert.That(
            tests.Select(t => (t.GetProperty("n_prompt").GetInt32(), t.GetProperty("n_gen").GetInt32(), t.GetProperty("n_depth").GetInt32())),
            Is.EqualTo(new[] { (33, 0, 0), (0, 4, 0), (0, 4, 7), (0, 5, 0), (0, 5, 7) }));
        foreach (JsonElement test in tests)
        {
            double[] samples = [.. test.GetProperty("samples_ts").EnumerateArray().Select(s => s.GetDouble())];
            Assert.Multiple(() =>
            {
                Assert.That(samples, Has.Length.EqualTo(3).And.All.Positive);
                Assert.That(test.GetProperty("avg_ts").GetDouble(), Is.EqualTo(samples.Average()).Within(1).Percent);
                Assert.That(test.GetProperty("stddev_ts").GetDouble(), Is.Not.Negative);
                Assert.That(test.GetProperty("n_threads").GetInt32(), Is.EqualTo(1));
                Assert.That(test.GetProperty("backends").GetString(), Is.EqualTo("CPU"));
                Assert.That(test.GetProperty("model_type").GetString(), Does.Contain("qwen2"));
                Assert.That(test.GetProperty("model_size").GetInt64(), Is.GreaterThan(1_000_000));
            });
        }
    }

    [Test]
    public void Two_backends_are_held_against_each_other()
    {
        Outcome outcome = _harness.Run("bench", "m.gguf", "-p", "16", "-n", "2", "-t", "1", "-r", "2", "--against", "builtin");
        Assert.That(outcome.Status, Is.Zero, outcome.Error);
        Assert.That(outcome.Output, Does.Contain("pp16").And.Contain("tg2").And.Contain("Ratio").And.Contain("first token").And.Contain("memory"));
    }

    [TestCase("-p x", "'x' is no count")]
    [TestCase("-n 3,-2", "'-2' is no count")]
    [TestCase("-p 0 -n 0", "nothing to measure")]
    [TestCase("-r 0", "0 is no number of runs")]
    [TestCase("-t 0", "0 is no number of threads")]
    [TestCase("--against lama.cpp", "did you mean 'llama.cpp'?")]
    public void Wrong_command_lines_say_what_is_wrong(string options, string said)
    {
        Outcome outcome = _harness.Run(["bench", "m.gguf", .. options.Split(' ')]);
        Assert.That(outcome.Status, Is.EqualTo(ExitStatus.Usage));
        Assert.That(outcome.Error, Does.StartWith("error: ").And.Contain(said));
    }

    [Test]
    public void A_file_no_backend_can_run_is_told_with_its_reason()
    {
        _harness.Write("broken.gguf", "GGUF, they said");
        Outcome outcome = _harness.Run("bench", "broken.gguf", "-p", "4", "-n", "0");
        Assert.That(outcome.Status, Is.EqualTo(ExitStatus.Unexpected));
        Assert.That(outcome.Error, Does.StartWith("error: ").And.Contain("broken.gguf"));
    }
}
