using System.Text.Json;
using NUnit.Framework;

namespace Harness.Cli.Tests;

/// <summary><c>harness fit</c>: whether a model fits, before it is fetched.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class FitCommandSpecs
{
    private BuiltHarness _harness = null!;

    [OneTimeSetUp]
    public void Make()
    {
        _harness = new BuiltHarness();
        Assert.That(_harness.Run("forge", "--arch", "qwen3moe", "--quant", "Q8_0", "--out", "m.gguf").Status, Is.Zero);
    }

    [OneTimeTearDown]
    public void Remove() => _harness.Dispose();

    [Test]
    public void A_file_that_fits_is_told_part_by_part()
    {
        Outcome text = _harness.Run("fit", "m.gguf", "--memory", "16GB");
        Assert.That(text.Status, Is.Zero, text.Error);
        Assert.That(text.Output, Does.Contain("exact, from the header").And.Contain("compute buffers").And.Contain("experts").And.Contain("14.00 GB of 16GB"));
        JsonElement fit = Json("fit", "m.gguf", "--memory", "16GB", "--json");
        Assert.That(fit.GetProperty("fit").GetProperty("engines")[0].GetProperty("fits").GetBoolean(), Is.True);
        Assert.That(fit.GetProperty("experts").GetProperty("residentBytes").GetInt64(), Is.Positive);
    }

    [Test]
    public void What_does_not_fit_ends_with_status_1()
    {
        Outcome text = _harness.Run("fit", "m.gguf", "--memory", "2.05GB");
        Assert.That(text.Status, Is.EqualTo(1));
        Assert.That(text.Output, Does.Contain("does not fit").And.Contain("no quantization fits"));
    }

    [Test]
    public void A_model_of_the_catalogue_is_estimated_from_its_shape_without_a_download()
    {
        Outcome text = _harness.Run("fit", "mistral-7b-v0.2:Q4_K_M", "--memory", "16GB", "--context", "8192");
        Assert.That(text.Status, Is.Zero, text.Error);
        Assert.That(text.Output, Does.Contain("estimated, from the published shape").And.Contain("QLoRA").And.Contain("7.2 B"));
    }

    [Test]
    public void Without_a_model_the_page_says_what_to_use_and_what_not()
    {
        Outcome text = _harness.Run("fit", "--memory", "8GB");
        Assert.That(text.Status, Is.Zero, text.Error);
        Assert.That(text.Output, Does.Contain("## Use these").And.Contain("## Not those").And.Contain("## Training").And.Contain("| 16 GB |").And.Contain("tinyllama-1.1b"));
    }

    [TestCase("fit m.gguf --memory 16", "'16' is no size", "16GiB")]
    [TestCase("fit m.gguf --gpu-memory lots", "'lots' is no size", "16GiB")]
    [TestCase("fit m.gguf --kv q4_1", "'q4_1'", "f16 or q8_0")]
    [TestCase("fit m.gguf --context 0", "0 is out of range", "from 1")]
    [TestCase("fit m.gguf --batch 0", "0 is out of range", "from 1")]
    [TestCase("fit none.gguf", "none.gguf", "give a path")]
    [TestCase("fit mistral-7b-v0.2:Q9_X", "'Q9_X' is no quantization", "Q4_K_M")]
    [TestCase("fit mistrall", "mistrall", "did you mean 'mistral-7b-v0.2' or 'mistral-nemo-12b'")]
    [TestCase("fit none --measure there", "'none' is no shape", "tinyllama-1.1b")]
    public void A_wrong_command_line_is_told(string line, string what, string remedy)
    {
        Outcome outcome = _harness.Run(line.Split(' '));
        Assert.That(outcome.Status, Is.EqualTo(2), outcome.Error);
        Assert.That(outcome.Error, Does.Contain(what).And.Contain(remedy));
    }

    private JsonElement Json(params string[] line)
    {
        Outcome outcome = _harness.Run(line);
        Assert.That(outcome.Status, Is.Zero, outcome.Error);
        return JsonDocument.Parse(outcome.Output).RootElement;
    }
}
