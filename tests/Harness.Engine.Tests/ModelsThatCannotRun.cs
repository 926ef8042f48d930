using Harness.Engine.Architectures;
using Harness.Formats.Gguf;
using Harness.Formats.Tensors;
using NUnit.Framework;

namespace Harness.Engine.Tests;

/// <summary>A model this engine cannot run is refused from its header, and the message names what is wrong.</summary>
internal sealed class ModelsThatCannotRun
{
    [Test]
    public void Unknown_architecture()
    {
        AssertUnsupported(w => w.Set("general.architecture", GgufValue.Of("wyvern")), "'wyvern'", "llama", "qwen2");
    }

    [Test]
    public void Unknown_rope_scaling()
    {
        AssertUnsupported(w => w.Set("llama.rope.scaling.type", GgufValue.Of("spiral")), "'spiral'", "llama.rope.scaling.type");
    }

    [Test]
    public void Experts_that_are_not_there() => AssertRefused(
        w => w.Set("llama.expert_count", GgufValue.Of(8u)).Set("llama.expert_used_count", GgufValue.Of(2u)), "blk.0.ffn_down_exps.weight");

    [Test]
    public void More_experts_used_than_there_are() => AssertRefused(
        w => w.Set("llama.expert_count", GgufValue.Of(8u)).Set("llama.expert_used_count", GgufValue.Of(9u)), "9 of 8 experts");

    [TestCase("expert_gating_func", 9, "gating 9")]
    [TestCase("expert_group_count", 4, "of 4 groups")]
    public void Choices_of_experts_that_cannot_be_made(string key, int value, string said)
    {
        using ForgedModel forged = new("bailingmoe2", "F16");
        using GgufFile file = GgufFile.Open(forged.Path);
        var metadata = file.Metadata.ToDictionary(entry => entry.Key, entry => entry.Value);
        metadata["bailingmoe2." + key] = GgufValue.Of((uint)value);
        var header = new ModelHeader(new GgufMetadata(metadata), file.Tensors);
        Assert.That(() => ArchitectureTable.Read(header), Throws.InstanceOf<Exception>().With.Message.Contains(said));
    }

    [Test]
    public void A_tensor_nobody_asked_for()
    {
        AssertUnsupported(w => w.AddTensor("blk.0.attn_q_norm.weight", TensorType.F32, [8], new byte[32]), "blk.0.attn_q_norm.weight");
    }

    [Test]
    public void Frequency_factors_in_a_family_without()
    {
        TinyShape shape = new() { Architecture = "qwen2", FrequencyFactors = true };
        Assert.That(() => Load(shape, _ => { }), Throws.TypeOf<UnsupportedModelException>().With.Message.Contains("rope_freqs.weight"));
    }

    [Test]
    public void Unknown_tensor_type()
    {
        TinyShape shape = new() { Tied = true };
        Assert.That(
            () => Load(shape, w => w.AddTensor("output.weight", 26u, [64, 67], (_, bytes) => bytes.Clear())),
            Throws.InstanceOf<ModelException>().With.Message.Contains("output.weight"));
        shape = shape with { Embedding = 64 };
        Assert.That(
            () => Load(shape, w => w.AddTensor("output.weight", 26u, [64, 67], (_, bytes) => bytes.Clear())),
            Throws.TypeOf<UnsupportedModelException>().With.Message.Contains("I32").And.Message.Contains("output.weight"));
    }

    [Test]
    public void A_missing_tensor()
    {
        AssertRefused(w => w.Set("llama.block_count", GgufValue.Of(3u)), "blk.2.attn_norm.weight", "missing", "[48]");
    }

    [Test]
    public void A_misshapen_tensor()
    {
        AssertRefused(w => w.Set("llama.attention.head_count_kv", GgufValue.Of(3u)), "blk.0.attn_k.weight", "[48, 16]", "[48, 24]");
        AssertRefused(w => w.Set("llama.embedding_length", GgufValue.Of(49u)), "token_embd.weight", "[48, 67]", "[49, 67]");
    }

    [Test]
    public void Head_counts_that_do_not_divide()
    {
        AssertRefused(w => w.Set("llama.attention.head_count_kv", GgufValue.Of(4u)), "6 query heads", "4 key/value heads");
    }

    [Test]
    public void Counts_that_are_no_counts()
    {
        AssertRefused(w => w.Set("llama.attention.head_count", GgufValue.Of(0u)), "llama.attention.head_count", "positive");
        AssertRefused(w => w.Set("llama.block_count", GgufValue.Of(2_000_000_000)), "llama.block_count", "tensors");
        AssertRefused(w => w.Set("llama.attention.key_length", GgufValue.Of(2_000_000_000)), "2000000000");
        AssertRefused(w => w.Set("llama.rope.dimension_count", GgufValue.Of(7u)), "llama.rope.dimension_count", "even");
        AssertRefused(w => w.Set("llama.rope.freq_base", GgufValue.Of(float.NaN)), "llama.rope.freq_base", "finite");
    }

    [Test]
    public void Keys_of_the_wrong_type_or_none()
    {
        Assert.That(
            () => Load(new TinyShape(), w => w.Set("llama.block_count", GgufValue.Of("two"))),
            Throws.TypeOf<GgufException>().With.Message.Contains("llama.block_count"));
    }

    [Test]
    public void Ids_and_positions_out_of_range()
    {
        using TinyModel tiny = new(new TinyShape(), seed: 1);
        using Model model = Model.Load(tiny.Path, threads: 1);
        using Session session = new(model, 4);
        float[] logits = new float[session.VocabularySize];
        Assert.Multiple(() =>
        {
            Assert.That(() => session.Evaluate([67], 0, LogitsWanted.Last, logits), Throws.ArgumentException.With.Message.Contains("67"));
            Assert.That(() => session.Evaluate([-1], 0, LogitsWanted.Last, logits), Throws.ArgumentException);
            Assert.That(() => session.Evaluate([], 0, LogitsWanted.Last, logits), Throws.ArgumentException);
            Assert.That(() => session.Evaluate([1, 2, 3, 4, 5], 0, LogitsWanted.Last, logits), Throws.ArgumentException.With.Message.Contains("context"));
            Assert.That(() => session.Evaluate([1], 1, LogitsWanted.Last, logits), Throws.InstanceOf<ArgumentException>());
            Assert.That(() => session.Evaluate([1, 2], 0, LogitsWanted.All, logits), Throws.ArgumentException.With.Message.Contains("room"));
        });
    }

    private static void AssertUnsupported(Action<GgufWriter> alter, params string[] said) =>
        AssertThrows<UnsupportedModelException>(alter, said);

    private static void AssertRefused(Action<GgufWriter> alter, params string[] said) => AssertThrows<ModelException>(alter, said);

    private static void AssertThrows<T>(Action<GgufWriter> alter, string[] said)
        where T : Exception
    {
        T? thrown = Assert.Throws<T>(() => Load(new TinyShape(), alter));
        foreach (string part in said)
            Assert.That(thrown!.Message, Does.Contain(part));
    }

    private static void Load(TinyShape shape, Action<GgufWriter> alter)
    {
        using TinyModel tiny = new(shape, seed: 1, alter);
        using Model model = Model.Load(tiny.Path, threads: 1);
    }
}
