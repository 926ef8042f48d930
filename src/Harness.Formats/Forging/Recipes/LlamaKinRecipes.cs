namespace Harness.Formats.Forging.Recipes;

/// <summary>Architectures that are llama but for a choice or two.</summary>
internal static class LlamaKinRecipes
{
    /// <summary><c>xverse</c>: llama, told by another name.</summary>
    public static ForgeArchitecture Xverse() => new(
        ProbeShape.Of("xverse") with { Heads = 8, KvHeads = 4 },
        shape => DecoderTensors.Model(shape, layer =>
            [.. layer.Norm("attn_norm"), .. layer.Attention(), .. layer.Norm("ffn_norm"), .. layer.GatedFeedForward()]));

    /// <summary><c>orion</c>: LayerNorm with biases around llama's blocks, rotation of half-head pairs.</summary>
    public static ForgeArchitecture Orion() => new(
        ProbeShape.Of("orion") with { Norm = ForgeNorm.Layer },
        shape => DecoderTensors.Model(shape, layer =>
            [.. layer.Norm("attn_norm"), .. layer.Attention(), .. layer.Norm("ffn_norm"), .. layer.GatedFeedForward()]));

    /// <summary><c>arcee</c>: a feed-forward of squared ReLU without a gate; frequency factors.</summary>
    public static ForgeArchitecture Arcee() => new(
        ProbeShape.Of("arcee") with { Heads = 12, KvHeads = 2, RopeFactors = true },
        shape => DecoderTensors.Model(shape, layer =>
            [.. layer.Norm("attn_norm"), .. layer.Attention(), .. layer.Norm("ffn_norm"), .. layer.FeedForward()]));

    /// <summary><c>maincoder</c>: each head's query and key normed after the rotation.</summary>
    public static ForgeArchitecture Maincoder() => new(
        ProbeShape.Of("maincoder") with { HeadDimension = 48, TiedOutput = true },
        shape => DecoderTensors.Model(shape, layer =>
        [
            .. layer.Norm("attn_norm"), .. layer.Attention(), .. layer.HeadNorms(),
            .. layer.Norm("ffn_norm"), .. layer.GatedFeedForward(),
        ]));

    /// <summary><c>pangu-embedded</c>: biases on query, key, value and the attention's output.</summary>
    public static ForgeArchitecture PanguEmbedded() => new(
        ProbeShape.Of("pangu-embedded") with { Heads = 10, KvHeads = 2 },
        shape => DecoderTensors.Model(shape, layer =>
        [
            .. layer.Norm("attn_norm"), .. layer.Attention(bias: true, outputBias: true),
            .. layer.Norm("ffn_norm"), .. layer.GatedFeedForward(),
        ]));

    /// <summary><c>apertus</c>: xIELU with four numbers a layer, no gate; normed queries and keys; frequency factors.</summary>
    public static ForgeArchitecture Apertus() => new(
        ProbeShape.Of("apertus") with { HeadDimension = 48, RopeFactors = true },
        shape => DecoderTensors.Model(shape, layer =>
        [
            .. layer.Norm("attn_norm"), .. layer.Attention(), .. layer.HeadNorms(),
            .. layer.Norm("ffn_norm"), .. layer.FeedForward(),
        ]),
        new ForgeKeys
        {
            { "xielu.alpha_n", [0.75f, 0.5f, 1f] }, { "xielu.alpha_p", [0.5f, 0.25f, 0.75f] },
            { "xielu.beta", [0.5f, 0.625f, 0.375f] }, { "xielu.eps", [-1e-6f, -1e-5f, -1e-4f] },
        });

    /// <summary><c>bitnet</c>: norms within the blocks, before the projections back; a scale beside each matrix; tied.</summary>
    public static ForgeArchitecture BitNet() => new(
        ProbeShape.Of("bitnet") with { FeedForward = 768, TiedOutput = true },
        shape => DecoderTensors.Model(shape, layer =>
        [
            .. layer.Norm("attn_norm"), .. layer.Attention(), .. layer.Norm("attn_sub_norm"),
            .. layer.Norm("ffn_norm"), .. layer.GatedFeedForward(), .. layer.Norm("ffn_sub_norm", shape.FeedForward),
            .. new[] { "attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down" }
                .Select(name => layer.Between($"{name}.scale", [1], 0.75, 1.25)),
        ]));

    /// <summary><c>openelm</c>: head counts and feed-forward lengths of its own in each layer; one matrix for query, key, value.</summary>
    public static ForgeArchitecture OpenElm()
    {
        (int Heads, int KvHeads, int FeedForward)[] layers = [(6, 2, 256), (8, 2, 512), (12, 3, 768)];
        return new(
            ProbeShape.Of("openelm") with { Layers = layers.Length, TiedOutput = true },
            shape => DecoderTensors.Model(shape, uniform =>
            {
                (int heads, int keyValueHeads, int feedForward) = layers[uniform.Index];
                ForgeLayer layer = uniform with { Shape = shape with { Heads = heads, KvHeads = keyValueHeads, FeedForward = feedForward } };
                return
                [
                    .. layer.Norm("attn_norm"), .. layer.FusedAttention(), .. layer.HeadNorms(),
                    .. layer.Norm("ffn_norm"), .. layer.GatedFeedForward(),
                ];
            }),
            new ForgeKeys
            {
                { "attention.head_count", [.. layers.Select(l => l.Heads)] },
                { "attention.head_count_kv", [.. layers.Select(l => l.KvHeads)] },
                { "feed_forward_length", [.. layers.Select(l => l.FeedForward)] },
            });
    }

    /// <summary>
    /// <c>deci</c>: what a search left of llama: a whole layer, one whose attention is a single matrix, one without
    /// attention, one with more key and value heads.
    /// </summary>
    public static ForgeArchitecture Deci()
    {
        (int Heads, int KvHeads, int FeedForward)[] layers = [(8, 2, 512), (8, 0, 256), (0, 0, 768), (8, 4, 512)];
        return new(
            ProbeShape.Of("deci") with { Layers = layers.Length, RopeFactors = true },
            shape => DecoderTensors.Model(shape, uniform =>
            {
                (int heads, int keyValueHeads, int feedForward) = layers[uniform.Index];
                ForgeLayer layer = uniform with { Shape = shape with { KvHeads = keyValueHeads, FeedForward = feedForward } };
                return
                [
                    .. heads > 0 ? layer.Norm("attn_norm") : [],
                    .. keyValueHeads > 0 ? layer.Attention() : heads > 0 ? [layer.Back("attn_output", shape.Embedding)] : [],
                    .. layer.Norm("ffn_norm"), .. layer.GatedFeedForward(),
                ];
            }),
            new ForgeKeys
            {
                { "attention.head_count", [.. layers.Select(l => l.Heads)] },
                { "attention.head_count_kv", [.. layers.Select(l => l.KvHeads)] },
                { "feed_forward_length", [.. layers.Select(l => l.FeedForward)] },
            });
    }
}
