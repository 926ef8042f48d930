using System.Runtime.InteropServices;
using System.Text.Json;
using NUnit.Framework;

namespace Harness.Cli.Tests;

/// <summary><c>harness compare</c>, and MODEL as every command finds it.</summary>
public sealed class CompareSpecs
{
    private BuiltHarness _harness = null!;

    [SetUp]
    public void Make() => _harness = new BuiltHarness();

    [TearDown]
    public void Remove() => _harness.Dispose();

    [Test]
    public void An_engine_agrees_with_itself_to_the_bit()
    {
        Outcome outcome = _harness.Run("compare", "probe-qwen2:Q8_0", "--backend", "builtin", "--backend", "builtin", "--json");
        Assert.That(outcome.Status, Is.Zero, outcome.Error);
        JsonElement compared = JsonDocument.Parse(outcome.Output).RootElement;
        Assert.Multiple(() =>
        {
            Assert.That(compared.GetProperty("agrees").GetBoolean());
            Assert.That(compared.GetProperty("nmse").GetDouble(), Is.Zero);
            Assert.That(compared.GetProperty("weightType").GetString(), Is.EqualTo("Q8_0"));
            Assert.That(compared.GetProperty("limit").GetDouble(), Is.EqualTo(1e-3));
            Assert.That(compared.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()).Distinct().Count(), Is.GreaterThan(20));
        });
    }

    [Test]
    public void Logits_that_differ_are_said_to_and_where()
    {
        Write("ours.f32", [1, 2, 3, 4, 5, 6]);
        Write("theirs.f32", [1, 2, 3, 6, 5, 4]);
        Outcome outcome = _harness.Run("compare", "ours.f32", "theirs.f32", "--vocabulary", "3", "--weights", "q4_K");
        Assert.That(outcome.Status, Is.EqualTo(1), outcome.Error);
        Assert.That(outcome.Output, Does.StartWith("differ: ").And.Contain("limit 5e-3 for Q4_K").And.Contain("position 1").And.Contain("2e+0 between"));
        Assert.That(_harness.Run("compare", "ours.f32", "ours.f32", "--vocabulary", "3").Status, Is.Zero);
    }

    [Test]
    public void Logits_that_are_not_finite_do_not_agree()
    {
        Write("ours.f32", [1, float.NaN, 3]);
        Write("theirs.f32", [1, 2, 3]);
        Outcome outcome = _harness.Run("compare", "ours.f32", "theirs.f32", "--vocabulary", "3", "--json");
        Assert.That(outcome.Status, Is.EqualTo(1), outcome.Error);
        Assert.That(JsonDocument.Parse(outcome.Output).RootElement.GetProperty("notFinite").GetInt64(), Is.EqualTo(1));
    }

    [Test]
    public void A_name_a_quantization_and_a_path_mean_the_same_file()
    {
        Assert.That(_harness.Run("logits", "probe-llama:Q8_0", "--tokens", "1 2", "--out", "a.f32").Status, Is.Zero);
        Assert.That(_harness.Run("logits", "probe-llama", "--quant", "q8_0", "--tokens", "1 2", "--out", "b.f32").Status, Is.Zero);
        string made = Directory.EnumerateFiles(Path.Combine(_harness.Directory, "home"), "*Q8_0*.gguf", SearchOption.AllDirectories).Single();
        Assert.That(_harness.Run("logits", made, "--tokens", "1 2", "--out", "c.f32").Status, Is.Zero);
        byte[] bytes = Read("a.f32");
        Assert.That(Read("b.f32"), Is.EqualTo(bytes));
        Assert.That(Read("c.f32"), Is.EqualTo(bytes));
    }

    [Test]
    public void A_path_needs_neither_catalogue_nor_hub()
    {
        Assert.That(_harness.Run("forge", "--arch", "llama", "--quant", "F16", "--out", "m.gguf").Status, Is.Zero);
        _harness.Write("matrix.yaml", "this is: [no matrix\n");
        _harness.Environment["HF_ENDPOINT"] = "nowhere";
        Outcome tokenized = _harness.RunWith("\"hello\"\n", "tokenize", "m.gguf", "--jsonl", "-");
        Assert.That(tokenized.Status, Is.Zero, tokenized.Error);
        Assert.That(tokenized.Output, Does.Match(@"^\[\d+(,\d+)*\]\n$"));
        Outcome logits = _harness.Run("logits", "m.gguf", "--tokens", "1", "--out", "m.f32");
        Assert.That(logits.Status, Is.Zero, logits.Error);
    }

    private void Write(string name, float[] values) =>
        File.WriteAllBytes(Path.Combine(_harness.Directory, name), MemoryMarshal.AsBytes(values.AsSpan()).ToArray());

    private byte[] Read(string name) => File.ReadAllBytes(Path.Combine(_harness.Directory, name));
}
