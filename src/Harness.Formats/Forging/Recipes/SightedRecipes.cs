namespace Harness.Formats.Forging.Recipes;

/// <summary>Text decoders of models that see.</summary>
internal static class SightedRecipes
{
    /// <summary><c>cogvlm</c>: beside each matrix for text stands one for images, which text does not touch.</summary>
    public static ForgeArchitecture CogVlm() => new(
        ProbeShape.Of("cogvlm") with { Layers = 2, Heads = 8, KvHeads = 8 },
        shape => DecoderTensors.Model(shape, layer =>
        [
            .. layer.Norm("attn_norm"), .. layer.FusedAttention(), .. layer.Norm("ffn_norm"), .. layer.GatedFeedForward(),
            layer.Weight("vis_attn_qkv", shape.Embedding, 3 * layer.QueryWidth), layer.Back("vis_attn_output", layer.QueryWidth),
            layer.Weight("vis_gate", shape.Embedding, shape.FeedForward), layer.Weight("vis_up", shape.Embedding, shape.FeedForward),
            layer.Back("vis_down", shape.FeedForward),
        ]));

    /// <summary><c>hunyuan_vl</c>: sectioned rotation, or plain where there are no sections; a base stretched by alpha; normed after it.</summary>
    public static ForgeArchitecture HunyuanVl()
    {
        ForgeShape shape = ProbeShape.Of("hunyuan_vl") with { Heads = 10, KvHeads = 2, TiedOutput = true };
        return new(
            "hunyuan_vl",
            s => DecoderTensors.Model(s, layer =>
            [
                .. layer.Norm("attn_norm"), .. layer.Attention(), .. layer.HeadNorms(),
                .. layer.Norm("ffn_norm"), .. layer.GatedFeedForward(),
            ]),
            [
                new("default", shape, new() { { "rope.dimension_sections", [2, 3, 5, 6] }, { "rope.scaling.alpha", 1000f } }),
                shape.Variant("plain"),
            ]);
    }

    /// <summary><c>paddleocr</c>: sectioned rotation; biases where the file has them.</summary>
    public static ForgeArchitecture PaddleOcr() => new(
        ProbeShape.Of("paddleocr") with { Heads = 12, KvHeads = 2 },
        shape => DecoderTensors.Model(shape, layer =>
        [
            .. layer.Norm("attn_norm"), .. layer.Attention(bias: true, outputBias: true),
            .. layer.Norm("ffn_norm"), .. layer.GatedFeedForward(),
        ]),
        new ForgeKeys { { "rope.dimension_sections", [4, 5, 7, 0] } });
}
