namespace Harness.Formats.Forging.Recipes;

/// <summary>Text decoders of models that speak.</summary>
internal static class SpokenRecipes
{
    /// <summary>
    /// <c>talkie</c>: no norm has weights but the query's, which has one number a head and comes after the rotation, as
    /// the key's does; each layer adds some of the normed embedding; logits scaled.
    /// </summary>
    public static ForgeArchitecture Talkie() => new(
        ProbeShape.Of("talkie") with { Heads = 12, KvHeads = 2, Norm = ForgeNorm.RmsWithoutWeights },
        shape => DecoderTensors.Model(shape, layer =>
        [
            .. layer.Attention(), layer.Scale("attn_q_norm", 1, shape.Heads), .. layer.GatedFeedForward(),
            layer.Between("layer_output_scale.weight", [1], 0.25, 0.5),
        ]),
        new ForgeKeys { { "logit_scale", 0.75f } });

    /// <summary><c>pockettts</c>: the text side, LayerNorm, no gate; its output head, the embedding, is there for sampling alone.</summary>
    public static ForgeArchitecture PocketTts() => new(
        ProbeShape.Of("pockettts") with { Norm = ForgeNorm.Layer, TiedOutput = true },
        shape => DecoderTensors.Model(shape, layer =>
            [.. layer.Norm("attn_norm"), .. layer.Attention(), .. layer.Norm("ffn_norm"), .. layer.FeedForward()])

            // GELU's mean weighs the same in every token: the embedding stands against it.
            .Select(t => t.Name == "token_embd.weight" ? t with { GainEighths = 8 * ForgeLayer.One } : t));
}
