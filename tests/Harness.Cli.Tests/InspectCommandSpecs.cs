using System.Text.Json;
using Harness.Formats.Gguf;
using NUnit.Framework;

namespace Harness.Cli.Tests;

/// <summary><c>harness inspect</c>: what a header says, and what is wrong with it.</summary>
public sealed class InspectCommandSpecs
{
    private BuiltHarness _harness = null!;

    [SetUp]
    public void Make()
    {
        _harness = new BuiltHarness();
        Assert.That(_harness.Run("forge", "--arch", "qwen2", "--quant", "Q4_K_M", "--out", "m.gguf").Status, Is.Zero);
    }

    [TearDown]
    public void Remove() => _harness.Dispose();

    [Test]
    public void A_sound_file_is_described()
    {
        JsonElement model = Inspect("m.gguf", status: 0);
        using GgufFile file = GgufFile.Open(Path.Combine(_harness.Directory, "m.gguf"));
        Assert.Multiple(() =>
        {
            Assert.That(model.GetProperty("architecture").GetString(), Is.EqualTo("qwen2"));
            Assert.That(model.GetProperty("parameters").GetInt64(), Is.EqualTo(file.Tensors.Sum(t => t.ElementCount)));
            Assert.That(model.GetProperty("bytes").GetInt64(), Is.EqualTo(file.Tensors.Sum(t => t.ByteLength)));
            Assert.That(model.GetProperty("mixture").GetString(), Is.EqualTo("Q4_K_M"));
            Assert.That(model.GetProperty("tensorTypes").EnumerateArray().Sum(t => t.GetProperty("tensors").GetInt32()), Is.EqualTo(file.Tensors.Count));
            Assert.That(model.GetProperty("features").GetProperty("qkv-bias").GetString(), Is.EqualTo("yes"));
            Assert.That(model.GetProperty("tokenizer").GetProperty("pre").GetString(), Is.EqualTo("qwen2"));
            Assert.That(model.GetProperty("template").GetProperty("length").GetInt32(), Is.Positive);
            Assert.That(model.GetProperty("memory").EnumerateArray().Last().GetProperty("contextLength").GetInt64(), Is.EqualTo(2048));
            Assert.That(model.GetProperty("backends")[0].GetProperty("verdict").GetString(), Is.EqualTo("supported"));
            Assert.That(model.GetProperty("problems").GetArrayLength(), Is.Zero);
        });
        Outcome text = _harness.Run("inspect", "m.gguf");
        Assert.That(text.Output, Does.Contain("qwen2").And.Contain("Q4_K_M").And.Contain("by the header alone").And.Contain("supported"));
    }

    [Test]
    public void Experts_that_are_not_chosen_are_not_active()
    {
        Assert.That(_harness.Run("forge", "--arch", "qwen3moe", "--quant", "F16", "--out", "e.gguf").Status, Is.Zero);
        JsonElement model = Inspect("e.gguf", status: 0);
        Assert.That(model.GetProperty("activeParameters").GetInt64(), Is.LessThan(model.GetProperty("parameters").GetInt64()).And.Positive);
    }

    [TestCase("missing", "missing-tensor", "blk.0.attn_k.weight", 1)]
    [TestCase("misshapen", "misshapen-tensor", "blk.0.attn_k.weight", 1)]
    [TestCase("fused", "misshapen-tensor", "attn_qkv.weight", 1)]
    [TestCase("extra", "extra-tensors", "blk.0.mystery.weight", 0)]
    [TestCase("vocabulary", "vocabulary", "rows", 1)]
    [TestCase("pre", "missing-pre", "tokenizer.ggml.pre", 0)]
    [TestCase("template", "missing-template", "tokenizer.chat_template", 0)]
    [TestCase("bad-template", "template", "cannot be used", 0)]
    [TestCase("eos", "special-token", "eos", 0)]
    [TestCase("turn", "end-of-turn", "<|im_end|>", 0)]
    public void What_is_wrong_is_named(string damage, string kind, string said, int status)
    {
        Damage(damage);
        JsonElement[] problems = [.. Inspect("damaged.gguf", status).GetProperty("problems").EnumerateArray()];
        JsonElement problem = problems.FirstOrDefault(p => p.GetProperty("kind").GetString() == kind);
        Assert.That(problem.ValueKind, Is.EqualTo(JsonValueKind.Object), string.Join('\n', problems.Select(p => p.ToString())));
        Assert.That(problem.GetProperty("message").GetString() + problem.GetProperty("remedy").GetString(), Does.Contain(said));
        Assert.That(_harness.Run("inspect", "damaged.gguf").Output, Does.Contain(kind));
    }

    private void Damage(string damage)
    {
        using GgufFile file = GgufFile.Open(Path.Combine(_harness.Directory, "m.gguf"));
        var writer = new GgufWriter();
        foreach ((string key, GgufValue value) in file.Metadata)
        {
            if ((damage, key) is not (("pre", "tokenizer.ggml.pre") or ("template", "tokenizer.chat_template")))
                writer.Set(key, value);
        }

        if (damage == "bad-template") writer.Set("tokenizer.chat_template", GgufValue.Of("{% for m in %}"));
        if (damage == "eos") writer.Set("tokenizer.ggml.eos_token_id", GgufValue.Of(999_999u));
        if (damage == "turn") writer.Set("tokenizer.ggml.eos_token_id", GgufValue.Of(0u));

        foreach (GgufTensor tensor in file.Tensors)
        {
            string name = tensor.Name;
            long[] shape = [.. tensor.Shape];
            if (name.StartsWith("blk.0.attn_k.weight", StringComparison.Ordinal))
            {
                if (damage == "missing") continue;
                if (damage == "misshapen") shape = [shape[0], shape[1] / 2];
            }

            if (damage == "fused" && name == "blk.0.attn_q.weight") name = "blk.1.attn_qkv.weight";
            if (damage == "vocabulary" && name == "token_embd.weight") shape = [shape[0], shape[1] - 1];
            writer.AddTensor(name, tensor.TypeNumber, shape, (_, bytes) => bytes.Clear());
        }

        if (damage == "extra") writer.AddTensor("blk.0.mystery.weight", 0u, [4], (_, bytes) => bytes.Clear());
        writer.Save(Path.Combine(_harness.Directory, "damaged.gguf"));
    }

    private JsonElement Inspect(string file, int status)
    {
        Outcome outcome = _harness.Run("inspect", file, "--json");
        Assert.That(outcome.Status, Is.EqualTo(status), outcome.Error);
        return JsonDocument.Parse(outcome.Output).RootElement;
    }
}
