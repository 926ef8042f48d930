namespace Harness.Formats.Forging.Recipes;

/// <summary>Google's Gemma: the embedding scaled by the root of its length and tied to the output, a GELU gate.</summary>
internal static class GemmaRecipes
{
    /// <summary><c>gemma</c>: llama's tensors; heads wider than the embedding.</summary>
    public static ForgeArchitecture Gemma() => new(Of("gemma") with { Heads = 16 }, LlamaRecipes.Plain);

    /// <summary><c>gemma2</c>: norms on both sides, soft caps, a window in every other layer; 46 layers scale the queries otherwise.</summary>
    public static ForgeArchitecture Gemma2()
    {
        ForgeShape shape = Of("gemma2") with { Heads = 16 };
        return new ForgeArchitecture("gemma2", s => DecoderTensors.Model(s, layer => BothSides(layer, layer.Attention())),
        [
            shape.Variant("9b"), (shape with { Layers = 46, Embedding = 96, Heads = 6, HeadDimension = 32, FeedForward = 128, EmbeddingScale = 10 }).Variant("27b"),
        ])
        {
            Keys = new()
            {
                { "attention.sliding_window", 12 }, { "attn_logit_softcapping", 1.5f }, { "final_logit_softcapping", 10f },
            },
        };
    }

    /// <summary>
    /// <c>gemma3</c>: five layers with a window and a base of their own, then one without; each head's query and key
    /// normed; the rotation of the full layers scaled. 62 layers scale the queries otherwise.
    /// </summary>
    public static ForgeArchitecture Gemma3()
    {
        ForgeShape shape = Of("gemma3") with { Layers = 7, RopeBase = 1_000_000, RopeLinearFactor = 8 };
        ForgeKeys windows = new() { { "attention.sliding_window", 12 } };
        return new ForgeArchitecture("gemma3", s => DecoderTensors.Model(s, layer => BothSides(layer, [.. layer.Attention(), .. layer.HeadNorms()])),
        [
            shape.Variant("windows", windows),
            (shape with { Layers = 3, Heads = 16 }).Variant("full"),
            (shape with { Layers = 62, Embedding = 96, Heads = 6, HeadDimension = 32, FeedForward = 128, EmbeddingScale = 10 }).Variant("27b", windows),
        ]);
    }

    private static ForgeShape Of(string architecture) =>
        ProbeShape.Of(architecture) with { NormEpsilon = 1e-6f, TiedOutput = true, EmbeddingScale = 16, Tokenizer = ForgedTokenizer.SentencePiece };

    private static IEnumerable<ForgeTensor> BothSides(ForgeLayer layer, IEnumerable<ForgeTensor> attention) =>
    [
        .. layer.Norm("attn_norm"), .. attention, .. layer.Norm("post_attention_norm"),
        .. layer.Norm("ffn_norm"), .. layer.GatedFeedForward(), .. layer.Norm("post_ffw_norm"),
    ];
}
