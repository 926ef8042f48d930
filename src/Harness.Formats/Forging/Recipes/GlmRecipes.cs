namespace Harness.Formats.Forging.Recipes;

/// <summary>Z.ai's GLM: gate and up in one matrix, half of each head rotated.</summary>
internal static class GlmRecipes
{
    private static readonly ForgeKeys Half = new() { { "rope.dimension_count", 16 } };

    /// <summary><c>chatglm</c>: query, key and value in one matrix, with a bias.</summary>
    public static ForgeArchitecture ChatGlm() => new(
        ProbeShape.Of("chatglm"),
        shape => DecoderTensors.Model(shape, layer => layer.PreNormed(layer.FusedAttention(bias: true), layer.FusedGatedFeedForward())),
        Half);

    /// <summary><c>glm4</c>: norms before and behind each block; layers that predict further tokens are left alone.</summary>
    public static ForgeArchitecture Glm4()
    {
        ForgeShape shape = ProbeShape.Of("glm4");
        return new ForgeArchitecture("glm4", s => DecoderTensors.Model(s, Layer),
        [
            shape.Variant("biases"),
            (shape with { Layers = 5, Heads = 16 }).Variant("nextn", new() { { "nextn_predict_layers", 1 } }) with
            {
                Tensors = s => DecoderTensors.Model(s, layer =>
                [
                    .. Layer(layer), .. layer.Index < s.Layers - 1 ? [] : (IEnumerable<ForgeTensor>)
                    [
                        layer.Weight("nextn.eh_proj", 2 * s.Embedding, s.Embedding), layer.Scale("nextn.enorm", s.Embedding),
                        layer.Scale("nextn.hnorm", s.Embedding),
                    ],
                ]),
            },
        ])
        { Keys = Half };

        static IEnumerable<ForgeTensor> Layer(ForgeLayer layer) =>
        [
            .. layer.Norm("attn_norm"), .. layer.Attention(bias: true), .. layer.Norm("post_attention_norm"),
            .. layer.Norm("ffn_norm"), .. layer.FusedGatedFeedForward(), .. layer.Norm("post_ffw_norm"),
        ];
    }
}
