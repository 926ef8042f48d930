namespace Harness.Formats.Forging.Recipes;

/// <summary>The attention-only models of the PLaMo family.</summary>
internal static class PlamoRecipes
{
    /// <summary><c>plamo</c>: attention and feed-forward side by side behind one norm.</summary>
    public static ForgeArchitecture Plamo() => new(
        ProbeShape.Of("plamo") with { Heads = 8, KvHeads = 2 },
        shape => DecoderTensors.Model(shape, layer => [.. layer.Norm("attn_norm"), .. layer.Attention(), .. layer.GatedFeedForward()]));

    /// <summary>
    /// <c>plamo3</c>: norms before and after each block, normed queries and keys, gate and up in one matrix, values longer
    /// than keys, a window in all layers but every second, which rotates with another base.
    /// </summary>
    public static ForgeArchitecture Plamo3() => new(
        ProbeShape.Of("plamo3") with { Layers = 4, Heads = 6, KvHeads = 2, HeadDimension = 48, ValueDimension = 128 },
        shape => DecoderTensors.Model(shape, layer =>
        [
            .. layer.Norm("attn_norm"), .. layer.FusedAttention(), .. layer.HeadNorms(), Bare(layer, "post_attention_norm"),
            .. layer.Norm("ffn_norm"), .. layer.FusedGatedFeedForward(), Bare(layer, "post_ffw_norm"),
        ]),
        new ForgeKeys
        {
            { "attention.sliding_window", 20 }, { "attention.sliding_window_pattern", 2 }, { "rope.freq_base_swa", 5_000f },
            { "rope.dimension_count", 32 },
        });

    // These two norms have no ".weight" behind their names.
    private static ForgeTensor Bare(ForgeLayer layer, string name) =>
        new($"blk.{layer.Index}.{name}", [layer.Shape.Embedding], ForgeValues.Norm);
}
