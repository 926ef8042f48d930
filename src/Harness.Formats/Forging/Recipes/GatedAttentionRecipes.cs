namespace Harness.Formats.Forging.Recipes;

/// <summary>Dense models with windows in some layers, and gates or sinks in their attention.</summary>
internal static class GatedAttentionRecipes
{
    /// <summary>
    /// <c>muse-glimmer</c>: the embedding normed without weights; norms before and after each block; a gate a channel on
    /// what was attended to; rotation in windowed layers alone; logits scaled and capped.
    /// </summary>
    public static ForgeArchitecture MuseGlimmer() => new(
        ProbeShape.Of("muse-glimmer") with { Layers = 4, Heads = 6, KvHeads = 2, HeadDimension = 64 },
        shape => DecoderTensors.Model(shape, layer =>
        [
            .. layer.Norm("attn_norm"), .. layer.Attention(), .. layer.HeadNorms(),
            layer.Weight("attn_gate", shape.Embedding, layer.QueryWidth), .. layer.Norm("post_attention_norm"),
            .. layer.Norm("ffn_norm"), .. layer.GatedFeedForward(), .. layer.Norm("post_ffw_norm"),
        ]),
        new ForgeKeys
        {
            { "attention.sliding_window", 20 }, { "attention.sliding_window_pattern", [true, true, false, true] },
            { "rope.freq_base_swa", 5_000f }, { "logit_scale", 0.75f }, { "final_logit_softcapping", 20f },
        });

    /// <summary>
    /// <c>spark2_5</c>: a gate a head on what was attended to; windowed layers rotate with another base; GELU-gated; head
    /// counts of its own in each layer.
    /// </summary>
    public static ForgeArchitecture Spark25()
    {
        (int Heads, int KvHeads)[] layers = [(8, 2), (8, 4), (16, 2)];
        return new(
            ProbeShape.Of("spark2_5") with { Layers = layers.Length },
            shape => DecoderTensors.Model(shape, uniform =>
            {
                ForgeLayer layer = uniform with { Shape = shape with { Heads = layers[uniform.Index].Heads, KvHeads = layers[uniform.Index].KvHeads } };
                return
                [
                    .. layer.Norm("attn_norm"), .. layer.QueryKeyValue(), layer.Back("attn_output", layer.AttendedWidth) with { GainEighths = ForgeLayer.One },
                    layer.Weight("attn_gate", shape.Embedding, layer.Shape.Heads),

                    // llama.cpp looks GELU up in a table of float16; less of it leaves room for other differences.
                    .. layer.Norm("ffn_norm"), .. layer.GatedFeedForward()
                        .Select(t => t.Name.EndsWith("ffn_down.weight", StringComparison.Ordinal) ? t with { GainEighths = ForgeLayer.One / 2 } : t),
                ];
            }),
            new ForgeKeys
            {
                { "attention.head_count", [.. layers.Select(l => l.Heads)] },
                { "attention.head_count_kv", [.. layers.Select(l => l.KvHeads)] },
                { "attention.sliding_window", 20 }, { "attention.sliding_window_pattern", [true, false, true] },
                { "rope.freq_base_swa", 5_000f },
            });
    }

    /// <summary>
    /// <c>granite_swa</c>: Granite's scales; a learned score of each head that takes part in the softmax; windows and
    /// rotation by a pattern each.
    /// </summary>
    public static ForgeArchitecture GraniteSwa() => new(
        ProbeShape.Of("granite_swa") with { Layers = 4, Heads = 6, KvHeads = 2, HeadDimension = 64, TiedOutput = true },
        shape => DecoderTensors.Model(shape, layer =>
        [
            .. layer.Norm("attn_norm"), .. layer.Attention(), layer.Between("attn_sinks.weight", [shape.Heads], -1, 2),
            .. layer.Norm("ffn_norm"), .. layer.GatedFeedForward(),
        ]),
        new ForgeKeys
        {
            { "attention.sliding_window", 20 }, { "attention.sliding_window_pattern", [true, false, true, true] },
            { "attention.rope_pattern", [true, false, true, true] }, { "attention.scale", 0.09375f }, { "embedding_scale", 3f },
            { "residual_scale", 0.75f }, { "logit_scale", 2f },
        });
}
