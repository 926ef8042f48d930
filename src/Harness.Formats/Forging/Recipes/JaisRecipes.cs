namespace Harness.Formats.Forging.Recipes;

/// <summary>The Jais family.</summary>
internal static class JaisRecipes
{
    /// <summary>
    /// <c>jais</c>: linear biases by distance, scores over the head's length and not its root, SiLU-gated, LayerNorm,
    /// biases everywhere.
    /// </summary>
    public static ForgeArchitecture Jais() => new(
        ProbeShape.Of("jais") with { Heads = 8, KvHeads = 8, Norm = ForgeNorm.Layer },
        shape => DecoderTensors.Model(shape, layer =>
        [
            // Scores that are divided by so much more are made larger, or attention would be the same everywhere.
            .. layer.Norm("attn_norm"),
            .. layer.FusedQueryKeyValue(bias: true).Select(t => t.Shape.Length == 2 ? t with { GainEighths = 3 * ForgeLayer.One } : t),
            .. layer.AttentionOutput(bias: true).Select(t => t.Shape.Length == 2 ? t with { GainEighths = ForgeLayer.One / 2 } : t),
            .. layer.Norm("ffn_norm"), .. layer.GatedFeedForward(bias: true),
        ]),
        new ForgeKeys { { "attention.max_alibi_bias", 8f } }.Without("rope.dimension_count", "rope.freq_base"));

    /// <summary><c>jais2</c>: rotation of half-head pairs, squared ReLU without a gate, LayerNorm, biases everywhere.</summary>
    public static ForgeArchitecture Jais2() => new(
        ProbeShape.Of("jais2") with { Heads = 8, KvHeads = 8, Norm = ForgeNorm.Layer, TiedOutput = true },
        shape => DecoderTensors.Model(shape, layer =>
        [
            .. layer.Norm("attn_norm"), .. layer.Attention(bias: true, outputBias: true),
            .. layer.Norm("ffn_norm"), .. layer.FeedForward(bias: true),
        ]));
}
