namespace Harness.Formats.Forging.Recipes;

/// <summary>Models for code that are not StarCoder.</summary>
internal static class CodeRecipes
{
    /// <summary><c>refact</c>: linear biases by distance that no key tells of; one head of keys and values.</summary>
    public static ForgeArchitecture Refact() => new(
        ProbeShape.Of("refact") with { Heads = 6, KvHeads = 1 },
        shape => DecoderTensors.Model(shape, layer =>
            [.. layer.Norm("attn_norm"), .. layer.Attention(), .. layer.Norm("ffn_norm"), .. layer.GatedFeedForward()]),
        new ForgeKeys().Without("rope.dimension_count", "rope.freq_base"));

    /// <summary>
    /// <c>codeshell</c>: LayerNorm, biases everywhere, GELU without a gate; where there is no token embedding it is the
    /// output head.
    /// </summary>
    public static ForgeArchitecture CodeShell()
    {
        ForgeShape shape = ProbeShape.Of("codeshell") with { Norm = ForgeNorm.Layer };
        return new("codeshell", Tensors, [new("default", shape), shape.Variant("output-only") with { Tensors = OutputOnly }]);
    }

    // Biases everywhere, and GELU's mean, weigh the same in every token: the embedding stands against them.
    private static IEnumerable<ForgeTensor> Tensors(ForgeShape shape) => DecoderTensors.Model(shape, layer =>
    [
        .. layer.Norm("attn_norm"), .. layer.Attention(bias: true, outputBias: true),
        .. layer.Norm("ffn_norm"), .. layer.FeedForward(bias: true),
    ]).Select(t => t.Name == "token_embd.weight" ? t with { GainEighths = 2 * ForgeLayer.One } : t);

    private static IEnumerable<ForgeTensor> OutputOnly(ForgeShape shape) => Tensors(shape)
        .Where(t => t.Name != "token_embd.weight").Select(t => t.Name == "output.weight" ? t with { GainEighths = 12 * ForgeLayer.One } : t);
}
