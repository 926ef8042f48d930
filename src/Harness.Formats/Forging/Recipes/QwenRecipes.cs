namespace Harness.Formats.Forging.Recipes;

/// <summary>The Qwen family.</summary>
internal static class QwenRecipes
{
    /// <summary>
    /// <c>qwen2</c>: as llama, but with biases on query, key and value, rotation of half-head pairs (NeoX), and, in the
    /// small models, an output tied to the embedding.
    /// </summary>
    public static ForgeArchitecture Qwen2()
    {
        var shape = new ForgeShape
        {
            Name = "probe-qwen2",
            Architecture = "qwen2",
            Layers = 6,
            Embedding = 256,
            Heads = 8,
            KvHeads = 2,
            HeadDimension = 32,
            FeedForward = 768,
            Vocabulary = 0,
            Context = 2048,
            RopeBase = 1_000_000,
            NormEpsilon = 1e-6f,
            TiedOutput = true,
            Tokenizer = ForgedTokenizer.BpeQwen2,
        };
        ForgeShape untied = shape with { Name = "probe-qwen2-untied", TiedOutput = false };
        return new ForgeArchitecture("qwen2", Biased, [new("tied", shape), new("untied", untied)]);
    }

    /// <summary><c>qwen3</c>: no biases; each head's query and key normed; heads wider than the embedding.</summary>
    public static ForgeArchitecture Qwen3() => new(
        ProbeShape.Of("qwen3") with { Heads = 8, KvHeads = 2, HeadDimension = 64, TiedOutput = true, Tokenizer = ForgedTokenizer.BpeQwen2 },
        shape => DecoderTensors.Model(shape, layer =>
        [
            .. layer.Norm("attn_norm"), .. layer.Attention(), .. layer.HeadNorms(),
            .. layer.Norm("ffn_norm"), .. layer.GatedFeedForward(),
        ]));

    private static IEnumerable<ForgeTensor> Biased(ForgeShape shape) => DecoderTensors.Model(shape, layer =>
        [.. layer.Norm("attn_norm"), .. layer.Attention(bias: true), .. layer.Norm("ffn_norm"), .. layer.GatedFeedForward()]);
}
