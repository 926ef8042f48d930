namespace Harness.Formats.Forging.Recipes;

/// <summary>Cohere's Command: LayerNorm without biases, attention and feed-forward side by side, output tied, logits scaled.</summary>
internal static class CohereRecipes
{
    /// <summary><c>command-r</c>: from 64 layers on, each head's query and key are normed with weights of their own.</summary>
    public static ForgeArchitecture CommandR()
    {
        ForgeShape shape = Of("command-r");
        ForgeShape deep = shape with { Layers = 64, Embedding = 96, Heads = 6, HeadDimension = 16, FeedForward = 128 };
        return new ForgeArchitecture("command-r", s => DecoderTensors.Model(s, Parallel),
        [
            shape.Variant("35b"),
            deep.Variant("104b") with
            {
                Tensors = s => DecoderTensors.Model(s, layer =>
                [
                    .. Parallel(layer), layer.Scale("attn_q_norm", s.HeadDimension, s.Heads),
                    layer.Scale("attn_k_norm", s.HeadDimension, s.KvHeads),
                ]),
            },
        ])
        { Keys = new() { { "logit_scale", 0.75f } } };
    }

    /// <summary><c>cohere2</c>: three layers with a window and rotation, then one with neither.</summary>
    public static ForgeArchitecture Cohere2() => new(
        Of("cohere2") with { Layers = 5 },
        shape => DecoderTensors.Model(shape, Parallel),
        new() { { "logit_scale", 0.75f }, { "attention.sliding_window", 12 } });

    private static ForgeShape Of(string architecture) =>
        ProbeShape.Of(architecture) with { Norm = ForgeNorm.LayerWithoutBias, TiedOutput = true };

    private static IEnumerable<ForgeTensor> Parallel(ForgeLayer layer) =>
        [.. layer.Norm("attn_norm"), .. layer.Attention(), .. layer.GatedFeedForward()];
}
