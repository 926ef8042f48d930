namespace Harness.Formats.Forging.Recipes;

/// <summary>AllenAI's OLMo.</summary>
internal static class OlmoRecipes
{
    /// <summary><c>olmo</c>: LayerNorm without weights, queries to values held within a bound.</summary>
    public static ForgeArchitecture Olmo() => new(
        ProbeShape.Of("olmo") with { Norm = ForgeNorm.LayerWithoutWeights },
        LlamaRecipes.Plain,
        new() { { "attention.clamp_kqv", 1.25f } });

    /// <summary>
    /// <c>olmo2</c>: norms behind the blocks, and of the whole query and key; with windows, those layers rotate without
    /// YaRN.
    /// </summary>
    public static ForgeArchitecture Olmo2()
    {
        ForgeShape shape = ProbeShape.Of("olmo2");
        return new ForgeArchitecture("olmo2", Tensors,
        [
            shape.Variant("full"),
            (shape with { Layers = 5 }).Variant("windows", LlamaRecipes.Yarn.And(new() { { "attention.sliding_window", 12 } })),
        ]);
    }

    private static IEnumerable<ForgeTensor> Tensors(ForgeShape shape) => DecoderTensors.Model(shape, layer =>
    [
        .. layer.Attention(), layer.Scale("attn_q_norm", layer.QueryWidth), layer.Scale("attn_k_norm", layer.KeyWidth),
        .. layer.Norm("post_attention_norm"), .. layer.GatedFeedForward(), .. layer.Norm("post_ffw_norm"),
    ]);
}
