namespace Harness.Formats.Forging.Recipes;

/// <summary>Models that run through the same weights more than once.</summary>
internal static class LoopedRecipes
{
    /// <summary><c>nanbeige</c>: llama, run through twice; between the two the output norm, or none.</summary>
    public static ForgeArchitecture Nanbeige()
    {
        ForgeShape shape = ProbeShape.Of("nanbeige") with { Layers = 2, Heads = 12, KvHeads = 3, RopeFactors = true };
        return new("nanbeige", Tensors, [new("default", shape), shape.Variant("skip-norm", new() { { "skip_loop_final_norm", true } })])
        {
            Keys = new ForgeKeys { { "num_loops", 2 } },
        };
    }

    /// <summary>
    /// <c>hrm_text</c>: a low and a high stack of gated attention and norms without weights, run in turns; the block count
    /// is that of the turns.
    /// </summary>
    public static ForgeArchitecture HrmText() => new(
        ProbeShape.Of("hrm_text") with { Layers = 4, Heads = 6, KvHeads = 2, HeadDimension = 64, Norm = ForgeNorm.RmsWithoutWeights },
        shape => DecoderTensors.Model(
            shape,
            layer => [.. layer.Attention(), layer.Weight("attn_gate", shape.Embedding, layer.QueryWidth), .. layer.GatedFeedForward()],
            new ForgeTensor("hrm.z_l_init", [shape.Embedding], ForgeValues.Absolute)),
        new ForgeKeys
        {
            { "block_count", 12 }, { "hrm.layers_per_stack", 2 }, { "hrm.h_cycles", 2 }, { "hrm.l_cycles", 2 }, { "embedding_scale", 3f },
        });

    private static IEnumerable<ForgeTensor> Tensors(ForgeShape shape) => DecoderTensors.Model(shape, layer =>
        [.. layer.Norm("attn_norm"), .. layer.Attention(), .. layer.Norm("ffn_norm"), .. layer.GatedFeedForward()]);
}
