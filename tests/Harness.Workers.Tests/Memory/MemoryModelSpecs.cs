using Harness.Formats.Forging;
using Harness.Formats.Gguf;
using Harness.Formats.Quantizing;
using Harness.Workers.Memory;
using NUnit.Framework;

namespace Harness.Workers.Tests.Memory;

/// <summary>What a model is said to take grows with what is asked of it, and is right where it can be worked out by hand.</summary>
public sealed class MemoryModelSpecs
{
    private static readonly int[] Contexts = [1, 256, 300, 4096, 32_768, 1 << 20];

    [Test]
    public void More_context_never_takes_less([Values("llama", "gemma3", "qwen3moe", "deepseek2", "mamba2", "lfm2")] string architecture)
    {
        ModelMemory memory = Of(architecture);
        MemoryPrediction[] builtin = [.. Contexts.Select(c => memory.Builtin(new MemoryRequest(c))!)];
        MemoryPrediction[] llamaCpp = [.. Contexts.Select(c => memory.LlamaCpp(new MemoryRequest(c)))];
        Assert.That(builtin.Select(p => p.On("cpu")), Is.Ordered);
        Assert.That(llamaCpp.Select(p => p.On("cpu")), Is.Ordered);
    }

    [Test]
    public void A_larger_batch_never_takes_less()
    {
        ModelMemory memory = Of("qwen3moe");
        Assert.That(new[] { 1, 32, 512, 4096 }.Select(b => memory.LlamaCpp(new MemoryRequest(8192) { Batch = b }).On("cpu")), Is.Ordered);
    }

    [Test]
    public void Eight_bit_keys_take_17_thirty_seconds_of_sixteen_bit_ones_and_no_scores()
    {
        ModelMemory memory = Of("llama");
        MemoryPrediction half = memory.LlamaCpp(new MemoryRequest(8192)), eight = memory.LlamaCpp(new MemoryRequest(8192) { Cache = CacheFormat.Q8_0 });
        Assert.That(eight.Of(MemoryKind.Cache), Is.EqualTo(half.Of(MemoryKind.Cache) * 17 / 32));
        Assert.That(eight.Of(MemoryKind.Compute), Is.LessThan(half.Of(MemoryKind.Compute)));
    }

    [Test]
    public void Layers_on_a_GPU_are_there_and_nowhere_else()
    {
        ModelMemory memory = Of("llama", "Q8_0");
        MemoryPrediction none = memory.LlamaCpp(new MemoryRequest(4096));
        for (int layers = 1; layers <= memory.Layers + 1; layers++)
        {
            MemoryPrediction some = memory.LlamaCpp(new MemoryRequest(4096) { GpuLayers = layers });
            Assert.That(some.Of(MemoryKind.Weights), Is.EqualTo(none.Of(MemoryKind.Weights)));
            Assert.That(some.Of(MemoryKind.Cache), Is.EqualTo(none.Of(MemoryKind.Cache)));
            Assert.That(some.On("gpu"), Is.Positive);
        }

        Assert.That(memory.LlamaCpp(new MemoryRequest(4096) { GpuLayers = memory.Layers }).Parts.Any(p => p is { Device: "cpu", Kind: MemoryKind.Cache }), Is.False);
    }

    /// <summary>TinyLlama 1.1B, whose buffers llama.cpp v0.5.0 logs: 22 layers of 4 heads of 64 keys and values.</summary>
    [Test]
    public void A_shape_worked_out_by_hand()
    {
        GgufHeader header = ShapeForge.HeaderOf(TinyLlama, "Q4_0");
        var memory = ModelMemory.Of([header]);
        MemoryPrediction prediction = memory.LlamaCpp(new MemoryRequest(4096));
        const double mebibyte = 1 << 20;
        Assert.Multiple(() =>
        {
            Assert.That(header.Tensors.Sum(t => t.ElementCount), Is.EqualTo(1_100_048_384), "as its makers count");
            Assert.That(prediction.Of(MemoryKind.Cache) / mebibyte, Is.EqualTo(88.00).Within(0.005));
            Assert.That(prediction.Of(MemoryKind.RepackedWeights) / mebibyte, Is.EqualTo(519.75).Within(0.005));
            Assert.That(prediction.Of(MemoryKind.Compute) / mebibyte, Is.EqualTo(285.01).Within(1));
            Assert.That(memory.LlamaCpp(new MemoryRequest(512)).Of(MemoryKind.Compute) / mebibyte, Is.EqualTo(70.50).Within(4.5));
            Assert.That(memory.Builtin(new MemoryRequest(4096))!.Of(MemoryKind.Cache) / mebibyte, Is.EqualTo(88.00).Within(0.005));
        });
    }

    [Test]
    public void Another_quantization_has_the_sizes_that_quantizing_gives([Values("Q8_0", "Q4_K_M", "Q2_K", "MXFP4_MOE")] string quant)
    {
        GgufHeader wide = ShapeForge.HeaderOf(TinyLlama, "F16"), there = ShapeForge.HeaderOf(TinyLlama, quant);
        GgufHeader made = QuantizedHeader.Of([wide], quant)!;
        Assert.That(made.Tensors.Select(t => (t.Name, t.TypeName, t.ByteLength)), Is.EqualTo(there.Tensors.Select(t => (t.Name, t.TypeName, t.ByteLength))));
        Assert.That(QuantizedHeader.Of([wide], "Q9_9"), Is.Null);
    }

    [Test]
    public void Experts_are_resident_though_few_are_active()
    {
        GgufHeader header = Header("qwen3moe", "Q8_0");
        ExpertMemory experts = ModelMemory.Of([header]).Experts!;
        Assert.That(experts.ResidentBytes, Is.EqualTo(header.Tensors.Where(t => t.Name.Contains("_exps", StringComparison.Ordinal)).Sum(t => t.ByteLength)));
        Assert.That(experts.ActiveBytes, Is.EqualTo(experts.ResidentBytes / experts.Count * experts.Used));
        Assert.That(ModelMemory.Of([Header("llama", "Q8_0")]).Experts, Is.Null);
    }

    private static ForgeShape TinyLlama => new()
    {
        Name = "TinyLlama",
        Architecture = "llama",
        Layers = 22,
        Embedding = 2048,
        Heads = 32,
        KvHeads = 4,
        HeadDimension = 64,
        FeedForward = 5632,
        Vocabulary = 32_000,
        Context = 32_768,
        RopeBase = 10_000,
        NormEpsilon = 1e-5f,
        TiedOutput = false,
        Tokenizer = ForgedTokenizer.SentencePiece,
    };

    private static ModelMemory Of(string architecture, string quant = "Q4_0") => ModelMemory.Of([Header(architecture, quant)]);

    private static GgufHeader Header(string architecture, string quant)
    {
        string path = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"memory-{architecture}-{quant}-{Guid.NewGuid():N}.gguf");
        ProbeForge.Write(architecture, quant, 1, path);
        try
        {
            using FileStream stream = File.OpenRead(path);
            return GgufHeader.Read(stream);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
