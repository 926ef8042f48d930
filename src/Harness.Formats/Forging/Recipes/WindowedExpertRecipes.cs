using static Harness.Formats.Forging.Recipes.QwenExpertRecipes;

namespace Harness.Formats.Forging.Recipes;

/// <summary>Mixtures of experts whose layers differ in window, heads and rotation.</summary>
internal static class WindowedExpertRecipes
{
    /// <summary><c>smallthinker</c>: the router reads what the layer read, before attention and norm.</summary>
    public static ForgeArchitecture SmallThinker()
    {
        ForgeShape shape = Shape("smallthinker");
        return new(
            shape,
            s => DecoderTensors.Model(s, layer => [.. layer.Norm("attn_norm"), .. layer.Attention(), .. layer.Norm("ffn_norm"), .. layer.Experts()]),
            shape.ExpertKeys(new() { { "expert_gating_func", 2 }, { "attention.sliding_window", 4096 } }));
    }

    /// <summary><c>minimax-m3</c>: bounded activations; an indexer of blocks, all of which the probe's positions fit in.</summary>
    public static ForgeArchitecture MiniMaxM3()
    {
        const int IndexLength = 64;
        ForgeShape shape = Shape("minimax-m3", sharedLength: 512) with { HeadDimension = 64 };
        return new(
            shape,
            s => DecoderTensors.Model(s, layer =>
            [
                .. layer.Norm("attn_norm"), .. layer.Attention(), .. layer.HeadNorms(), .. layer.Norm("ffn_norm"),
                .. layer.Index == 0
                    ? layer.GatedFeedForward()
                    :
                    [
                        .. layer.Experts(selectionBias: true), layer.Weight("indexer.q_proj", s.Embedding, s.KvHeads * IndexLength),
                        layer.Weight("indexer.k_proj", s.Embedding, IndexLength), layer.Scale("indexer.q_norm", IndexLength),
                        layer.Scale("indexer.k_norm", IndexLength),
                    ],
            ]),
            shape.ExpertKeys(new()
            {
                { "leading_dense_block_count", 1 }, { "expert_shared_count", 2 }, { "expert_gating_func", 2 },
                { "expert_weights_norm", true }, { "expert_weights_scale", 2f }, { "rope.dimension_count", 32 },
                { "attention.indexer.head_count", shape.KvHeads }, { "attention.indexer.key_length", IndexLength },
                { "attention.indexer.top_k", 16 }, { "attention.indexer.block_size", 128 }, { "attention.indexer.local_blocks", 1 },
            }));
    }

    /// <summary><c>cohere2moe</c>: attention and experts side by side; layer norms; every fourth layer sees all and is not rotated.</summary>
    public static ForgeArchitecture Cohere2Moe()
    {
        ForgeShape shape = Shape("cohere2moe", count: 4, sharedLength: 256) with { Layers = 4, KvHeads = 1, Norm = ForgeNorm.LayerWithoutBias };
        return new(
            shape,
            s => DecoderTensors.Model(s, layer =>
                [.. layer.Norm("attn_norm"), .. layer.Attention(), .. layer.Index == 0 ? layer.GatedFeedForward() : layer.Experts()]),
            shape.ExpertKeys(new()
            {
                { "attention.sliding_window", 12 }, { "attention.sliding_window_pattern", [1, 1, 1, 0] }, { "logit_scale", 0.7f }, { "leading_dense_block_count", 1 },
                { "expert_shared_count", 1 }, { "expert_weights_norm", true },
            }));
    }

    /// <summary><c>mimo2</c>: heads of values narrower than of keys, sinks in windowed layers, heads that differ by layer.</summary>
    public static ForgeArchitecture Mimo2()
    {
        ForgeShape shape = Shape("mimo2") with { HeadDimension = 64, ValueDimension = 32 };
        int[] keyValueHeads = [4, 2, 2];
        return new(
            shape,
            s => DecoderTensors.Model(s, layer =>
            [
                .. layer.Norm("attn_norm"), .. (layer with { Shape = s with { KvHeads = keyValueHeads[layer.Index] } }).Attention(),
                .. layer.Index == 0 ? [] : new[] { layer.Between("attn_sinks.weight", [s.Heads], -1, 2) },
                .. layer.Norm("ffn_norm"),
                .. layer.Index == 0 ? layer.GatedFeedForward() : [.. layer.Experts(), layer.SelectionBias()],
            ]),
            shape.ExpertKeys(new()
            {
                { "attention.head_count_kv", keyValueHeads }, { "attention.sliding_window", 12 },
                { "attention.sliding_window_pattern", [0, 1, 1] }, { "attention.value_scale", 0.7f },
                { "rope.freq_base_swa", 2000f }, { "rope.dimension_count", 32 },
            }));
    }

    /// <summary><c>step35</c>: heads that differ by layer, a gate for each, bounded experts.</summary>
    public static ForgeArchitecture Step35()
    {
        ForgeShape shape = Shape("step35", sharedLength: 512) with { HeadDimension = 64 };
        int[] heads = [4, 8, 4], keyValueHeads = [2, 4, 2];
        return new(
            shape,
            s => DecoderTensors.Model(s, layer =>
            {
                ForgeLayer own = layer with { Shape = s with { Heads = heads[layer.Index], KvHeads = keyValueHeads[layer.Index] } };
                return
                [
                    .. own.Norm("attn_norm"), .. own.Attention(), .. own.HeadNorms(), own.Weight("attn_gate", s.Embedding, own.Shape.Heads),
                    .. own.Norm("ffn_norm"), .. own.Index == 0 ? own.GatedFeedForward() : [.. own.Experts(), own.SelectionBias()],
                ];
            }),
            shape.ExpertKeys(new()
            {
                { "attention.head_count", heads }, { "attention.head_count_kv", keyValueHeads }, { "attention.sliding_window", 12 },
                { "attention.sliding_window_pattern", [0, 1, 0] }, { "rope.freq_base_swa", 2000f },
                { "expert_shared_feed_forward_length", 512 }, { "expert_weights_norm", true }, { "expert_weights_scale", 1.5f },
                { "swiglu_clamp_exp", [0f, 0.75f, 0f] }, { "swiglu_clamp_shexp", [0f, 0f, 1.25f] },
            }));
    }

    /// <summary><c>laguna</c>: a softplus gate for each head; windowed layers have more heads and a rotation of their own.</summary>
    public static ForgeArchitecture Laguna()
    {
        ForgeShape shape = Shape("laguna", sharedLength: 256) with { HeadDimension = 64 };
        int[] heads = [4, 8, 8];
        return new(
            shape,
            s => DecoderTensors.Model(s, layer =>
            {
                ForgeLayer own = layer with { Shape = s with { Heads = heads[layer.Index] } };
                return
                [
                    .. own.Norm("attn_norm"), .. own.Attention(), .. own.HeadNorms(), own.Weight("attn_gate", s.Embedding, own.Shape.Heads),
                    .. own.Norm("ffn_norm"), .. own.Index == 0 ? own.GatedFeedForward() : [.. own.Experts(), own.SelectionBias()],
                ];
            }),
            shape.ExpertKeys(new()
            {
                { "attention.head_count", heads }, { "attention.sliding_window", 12 }, { "rope.freq_base_swa", 2000f },
                { "rope.dimension_count_swa", 32 }, { "rope.scaling.type", "yarn" }, { "rope.scaling.factor", 4f },
                { "rope.scaling.original_context_length", 128 }, { "leading_dense_block_count", 1 },
                { "expert_weights_norm", true }, { "expert_weights_scale", 2.5f }, { "expert_shared_count", 1 },
            }));
    }

    /// <summary><c>mellum</c>: windowed layers rotate unscaled, the others with YaRN; the key of a base of their own has no effect.</summary>
    public static ForgeArchitecture Mellum()
    {
        ForgeShape shape = Shape("mellum") with { HeadDimension = 64 };
        return new(
            shape,
            NormedHeads,
            shape.ExpertKeys(new()
            {
                { "attention.sliding_window", 12 }, { "attention.sliding_window_pattern", [true, false, true] },
                { "rope.freq_base_swa", 2000f }, { "rope.scaling.type", "yarn" }, { "rope.scaling.factor", 4f },
                { "rope.scaling.original_context_length", 32 },
            }));
    }

    /// <summary><c>maple</c>: windowed layers alone are rotated; bounded experts.</summary>
    public static ForgeArchitecture Maple()
    {
        ForgeShape shape = Shape("maple") with { HeadDimension = 64 };
        return new(
            shape,
            NormedHeads,
            shape.ExpertKeys(new()
            {
                { "attention.sliding_window", 12 }, { "attention.sliding_window_pattern", [true, false, true] },
                { "rope.freq_base_swa", 2000f }, { "swiglu_clamp_exp", [0.75f, 0.5f, 1.25f] },
            }));
    }

    /// <summary>
    /// <c>minimax-01</c>: lightning attention in all layers but the last of a period; what is normed, and not the stream, goes
    /// past the blocks.
    /// </summary>
    public static ForgeArchitecture MiniMax01()
    {
        // An expert is as wide as the feed-forward.
        ForgeShape shape = ProbeShape.Of("minimax-01") with { HeadDimension = 48, Experts = new() { Count = 3, Used = 2, Length = 512 } };
        return new(
            shape,
            s => DecoderTensors.Model(s, layer =>
            [
                .. layer.Norm("attn_norm"),
                .. layer.Index % 2 == 1
                    ? layer.Attention()
                    :
                    [
                        layer.Weight("attn_qkv", s.Embedding, 3 * layer.QueryWidth), layer.Weight("attn_gate", s.Embedding, layer.QueryWidth),
                        .. layer.Norm("attn_norm_2", layer.QueryWidth), .. layer.AttentionOutput(),
                    ],
                .. layer.Norm("ffn_norm"), .. layer.Experts(),
            ]),
            shape.ExpertKeys(new() { { "residual_scale", 1.5f }, { "full_attention_interval", 2 }, { "rope.dimension_count", 32 } }));
    }

    private static IEnumerable<ForgeTensor> NormedHeads(ForgeShape shape) => DecoderTensors.Model(shape, layer =>
        [.. layer.Norm("attn_norm"), .. layer.Attention(), .. layer.HeadNorms(), .. layer.Norm("ffn_norm"), .. layer.Experts()]);
}
