namespace Harness.Formats.Forging.Recipes;

/// <summary>The llama family.</summary>
internal static class LlamaRecipes
{
    /// <summary>
    /// <c>llama</c>: RMS norm, grouped-query attention with adjacent-pair rotation, SiLU-gated feed-forward. The probe's
    /// query width is not its embedding length, and both kinds of rotary scaling and of tokenizer have a variant.
    /// </summary>
    public static ForgeArchitecture Llama()
    {
        var shape = new ForgeShape
        {
            Name = "probe-llama",
            Architecture = "llama",
            Layers = 5,
            Embedding = 256,
            Heads = 12,
            KvHeads = 3,
            HeadDimension = 64,
            FeedForward = 512,
            Vocabulary = 0,
            Context = 1536,
            RopeBase = 10_000,
            NormEpsilon = 1e-5f,
            TiedOutput = false,
            RopeFactors = true,
            Tokenizer = ForgedTokenizer.SentencePiece,
        };
        ForgeShape linear = shape with
        {
            Name = "probe-llama-linear",
            RopeFactors = false,
            RopeLinearFactor = 4,
            TiedOutput = true,
            Tokenizer = ForgedTokenizer.BpeLlama,
        };
        return new ForgeArchitecture("llama", Tensors, [new("rope-freqs", shape), new("rope-linear", linear)]);
    }

    private static IEnumerable<ForgeTensor> Tensors(ForgeShape shape) => DecoderTensors.Model(shape, layer =>
        [.. layer.Norm("attn_norm"), .. layer.Attention(), .. layer.Norm("ffn_norm"), .. layer.GatedFeedForward()]);
}
