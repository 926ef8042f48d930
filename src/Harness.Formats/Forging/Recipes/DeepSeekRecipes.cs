using static Harness.Formats.Forging.Recipes.QwenExpertRecipes;

namespace Harness.Formats.Forging.Recipes;

/// <summary>The DeepSeek family, and others with latent attention.</summary>
internal static class DeepSeekRecipes
{
    // Widths of latent attention: a head's query and key is a plain part and a rotated one. Plain part and value are no
    // multiples of 32: llama.cpp's AMX code takes the absorbed matrices of others, and then finds that it cannot multiply them.
    private const int Rank = 256;
    private const int QueryRank = 512;
    private const int Plain = 104;
    private const int Rotated = 32;
    private const int Value = 72;

    /// <summary>The widths of the absorbed form.</summary>
    private static ForgeKeys Absorbed { get; } = new()
    {
        { "attention.q_lora_rank", QueryRank }, { "attention.kv_lora_rank", Rank }, { "attention.key_length", Rank + Rotated },
        { "attention.value_length", Rank }, { "attention.key_length_mla", Plain + Rotated },
        { "attention.value_length_mla", Value }, { "rope.dimension_count", Rotated },
    };

    /// <summary><c>deepseek</c>: a dense layer first, then experts and two shared ones.</summary>
    public static ForgeArchitecture DeepSeek() => Classic("deepseek", kvHeads: 2, new() { { "expert_weights_scale", 1.5f } });

    /// <summary><c>deepseek2-ocr</c>: as <c>deepseek</c>, with as many heads of keys as of queries.</summary>
    public static ForgeArchitecture DeepSeek2Ocr() => Classic("deepseek2-ocr", kvHeads: 8, new() { { "expert_weights_scale", 1.25f } });

    /// <summary>
    /// <c>deepseek2</c>: latent attention in both stored forms; sigmoid-weighted experts from chosen groups as in DeepSeek-V3
    /// and Kimi K2, or softmax-weighted ones as in V2 Lite.
    /// </summary>
    public static ForgeArchitecture DeepSeek2()
    {
        ForgeShape grouped = Shape("deepseek2", count: 9, used: 4, sharedLength: 256);
        grouped = grouped with { Layers = 2, Heads = 4, KvHeads = 1, Experts = grouped.Experts! with { Groups = 3, GroupsUsed = 2 } };
        ForgeShape plain = Shape("deepseek2", sharedLength: 512) with { Heads = 4, KvHeads = 4 };
        ForgeProbe absorbed = grouped.Variant("absorbed", grouped.ExpertKeys(Absorbed.And(new()
        {
            { "leading_dense_block_count", 1 }, { "expert_shared_count", 1 }, { "expert_gating_func", 2 },
            { "expert_weights_norm", true }, { "expert_weights_scale", 2.5f }, { "rope.scaling.type", "yarn" },
            { "rope.scaling.factor", 8f }, { "rope.scaling.original_context_length", 128 },
            { "rope.scaling.yarn_log_multiplier", 0.1f },
        })));
        ForgeProbe whole = plain.Variant("whole", plain.ExpertKeys(new()
        {
            { "leading_dense_block_count", 1 }, { "expert_shared_count", 2 }, { "expert_gating_func", 1 },
            { "expert_weights_scale", 1.5f }, { "attention.q_lora_rank", 0 }, { "attention.kv_lora_rank", Rank },
            { "attention.key_length", Plain + Rotated }, { "attention.value_length", Value }, { "rope.dimension_count", Rotated },
        }));
        return new("deepseek2", s => DecoderTensors.Model(s, layer => Layer(layer, absorbed: true, selectionBias: true)), [
            whole with { Tensors = s => DecoderTensors.Model(s, layer => Layer(layer, absorbed: false, ranked: false)) },

            // Not the first: on processors with AMX llama.cpp aborts on its narrow weights, or computes zeros.
            absorbed,
        ]);
    }

    /// <summary><c>mistral4</c>: the absorbed form of <c>deepseek2</c>, with queries that grow with the position.</summary>
    public static ForgeArchitecture Mistral4()
    {
        ForgeShape shape = Shape("mistral4", sharedLength: 256) with { Heads = 4, KvHeads = 1 };
        return new(
            shape,
            s => DecoderTensors.Model(s, layer => Layer(layer, absorbed: true)),
            shape.ExpertKeys(Absorbed.And(new()
            {
                { "leading_dense_block_count", 1 }, { "expert_shared_count", 1 }, { "expert_gating_func", 1 },
                { "expert_weights_norm", true }, { "attention.temperature_scale", 0.3f }, { "attention.temperature_length", 7 },
                { "rope.scaling.type", "yarn" }, { "rope.scaling.factor", 4f }, { "rope.scaling.original_context_length", 128 },
                { "rope.scaling.yarn_log_multiplier", 0.05f },
            })));
    }

    /// <summary><c>deepseek32</c>: the absorbed form, with an indexer that leaves out the last of the probe's positions.</summary>
    public static ForgeArchitecture DeepSeek32() => Indexed("deepseek32", _ => true, new());

    /// <summary><c>glm-dsa</c>: the second layer sees what the indexer of the first one chose.</summary>
    public static ForgeArchitecture GlmDsa() => Indexed("glm-dsa", layer => layer != 1, new() { { "attention.indexer.types", [1, 0, 1] } });

    private static ForgeArchitecture Indexed(string architecture, Func<int, bool> own, ForgeKeys keys)
    {
        ForgeShape shape = Shape(architecture, count: 5, sharedLength: 256) with { Heads = 4, KvHeads = 1 };
        return new(
            shape,
            s => DecoderTensors.Model(s, layer =>
            [
                .. Layer(layer, absorbed: true, selectionBias: true), .. own(layer.Index) ? Indexer(layer) : [],
            ]),
            shape.ExpertKeys(Absorbed.And(IndexerKeys).And(keys).And(new()
            {
                { "leading_dense_block_count", 1 }, { "expert_shared_count", 1 }, { "expert_gating_func", 2 },
                { "expert_weights_norm", true }, { "expert_weights_scale", 2.5f },
            })));
    }

    /// <summary><c>dots3note</c>: windowed layers of another shape beside those with an indexer.</summary>
    public static ForgeArchitecture Dots3Note()
    {
        const int WindowedRank = 192;
        ForgeShape shape = Shape("dots3note", count: 5, sharedLength: 256) with { Heads = 4, KvHeads = 1 };
        int[] heads = [4, 6, 4], windowed = [0, 1, 0];
        return new(
            shape,
            s => DecoderTensors.Model(s, layer =>
            {
                bool narrow = windowed[layer.Index] == 1;
                ForgeLayer own = layer with { Shape = s with { Heads = heads[layer.Index] } };
                return
                [
                    .. own.Norm("attn_norm"), .. narrow ? Latent(own, absorbed: true, rank: WindowedRank, value: Value + 16) : Latent(own, absorbed: true),
                    own.Scale("attn_k_norm", Rotated), own.Weight("attn_gate", s.Embedding, heads[layer.Index]), .. narrow ? [] : Indexer(own),
                    .. own.Norm("ffn_norm"), .. own.Index == 0 ? own.GatedFeedForward() : own.Experts(selectionBias: true),
                ];
            }),
            shape.ExpertKeys(Absorbed.And(IndexerKeys).And(new()
            {
                { "leading_dense_block_count", 1 }, { "expert_shared_count", 1 }, { "expert_gating_func", 2 },
                { "expert_weights_norm", true }, { "expert_weights_scale", 2.5f }, { "attention.head_count", heads },
                { "attention.indexer.types", [1, 0, 1] }, { "attention.sliding_window", 12 },
                { "attention.sliding_window_pattern", windowed }, { "attention.kv_lora_rank_swa", WindowedRank },
                { "attention.key_length_mla_swa", Plain + Rotated }, { "attention.value_length_mla_swa", Value + 16 },
                { "attention.key_length_swa", WindowedRank + Rotated }, { "attention.value_length_swa", WindowedRank },
                { "rope.freq_base_swa", 2000f },
            })));
    }

    /// <summary><c>hy_v4</c>: three residual streams, sinks, a gate on each channel, an indexer that the second layer shares.</summary>
    public static ForgeArchitecture HyV4()
    {
        const int Streams = 3;
        ForgeShape shape = Shape("hy_v4", count: 5, sharedLength: 256) with { Heads = 4, KvHeads = 1 };
        return new(
            shape,
            s => DecoderTensors.Model(
                s,
                layer =>
                [
                    .. Layer(layer, absorbed: true, selectionBias: true), .. layer.Index == 1 ? [] : Indexer(layer),
                    layer.Between("attn_sinks.weight", [s.Heads], -1, 2), layer.Weight("attn_gate", s.Embedding, s.Heads * Value),
                    .. Hyper($"blk.{layer.Index}.hc_attn", s.Embedding, 2), .. Hyper($"blk.{layer.Index}.hc_ffn", s.Embedding, 2),
                ],
                Hyper("output_hc", s.Embedding, 1)),
            shape.ExpertKeys(Absorbed.And(IndexerKeys).And(new()
            {
                { "leading_dense_block_count", 1 }, { "expert_shared_count", 1 }, { "expert_gating_func", 2 },
                { "expert_weights_norm", true }, { "expert_weights_scale", 2.5f }, { "attention.indexer.types", [1, 0, 1] },
                { "swiglu_clamp_exp", [0f, 0.75f, 0f] }, { "hyper_connection.count", Streams },
                { "hyper_connection.epsilon", 1e-3f }, { "hyper_connection.magnitude", 1.5f },
            })));

        static IEnumerable<ForgeTensor> Hyper(string name, long embedding, int kinds) =>
        [
            new($"{name}_fn.weight", [Streams * embedding, kinds * Streams], ForgeValues.Weights) { Type = Tensors.TensorType.F32 },
            ForgeTensor.Between($"{name}_base.weight", [kinds * Streams], -0.5, 0.5),
            ForgeTensor.Between($"{name}_scale.weight", [kinds], 0.5, 1),
        ];
    }

    private static ForgeKeys IndexerKeys { get; } = new()
    {
        { "attention.indexer.head_count", 6 }, { "attention.indexer.key_length", 2 * Rotated }, { "attention.indexer.top_k", 46 },
    };

    private static IEnumerable<ForgeTensor> Indexer(ForgeLayer layer) =>
    [
        layer.Scale("indexer.k_norm", 2 * Rotated), layer.Bias("indexer.k_norm", 2 * Rotated) with { GainEighths = 1 },
        layer.Weight("indexer.proj", layer.Shape.Embedding, 6), layer.Weight("indexer.attn_k", layer.Shape.Embedding, 2 * Rotated),
        layer.Weight("indexer.attn_q_b", QueryRank, 6 * 2 * Rotated),
    ];

    /// <summary><c>minicpm3</c>: latent attention with a dense feed-forward; scaled embedding, residual and logits.</summary>
    public static ForgeArchitecture MiniCpm3() => new(
        ProbeShape.Of("minicpm3") with { KvHeads = 8 },
        s => DecoderTensors.Model(
            s,
            layer =>
            [
                .. layer.Norm("attn_norm"), .. Latent(layer, absorbed: false), .. layer.Norm("ffn_norm"), .. layer.GatedFeedForward(),
            ],
            DecoderTensors.LongRopeFactors(Rotated)),
        new()
        {
            { "attention.q_lora_rank", QueryRank }, { "attention.kv_lora_rank", Rank }, { "attention.key_length", Plain + Rotated },
            { "attention.value_length", Value }, { "rope.dimension_count", Rotated }, { "rope.scaling.original_context_length", 32 },
        });

    /// <summary><c>plm</c>: latent attention without a query rank; a squared activation without gate; tied.</summary>
    public static ForgeArchitecture Plm() => new(
        ProbeShape.Of("plm") with { KvHeads = 8, TiedOutput = true },
        s => DecoderTensors.Model(s, layer =>
        [
            .. layer.Norm("attn_norm"), .. Latent(layer, absorbed: false, ranked: false),
            .. layer.Norm("ffn_norm"), .. layer.FeedForward(),
        ]),
        new()
        {
            { "attention.kv_lora_rank", Rank }, { "attention.key_length", Plain + Rotated }, { "attention.value_length", Value },
            { "rope.dimension_count", Rotated },
        });

    private static ForgeArchitecture Classic(string architecture, int kvHeads, ForgeKeys keys)
    {
        ForgeShape shape = Shape(architecture, sharedLength: 512) with { KvHeads = kvHeads };
        keys.Add("leading_dense_block_count", 1);
        keys.Add("expert_shared_count", 2);
        return new(
            shape,
            s => DecoderTensors.Model(s, layer =>
            [
                .. layer.Norm("attn_norm"), .. layer.Attention(), .. layer.Norm("ffn_norm"),
                .. layer.Index == 0 ? layer.GatedFeedForward() : layer.Experts(),
            ]),
            shape.ExpertKeys(keys));
    }

    private static IEnumerable<ForgeTensor> Layer(ForgeLayer layer, bool absorbed, bool ranked = true, bool selectionBias = false) =>
    [
        .. layer.Norm("attn_norm"), .. Latent(layer, absorbed, ranked), .. layer.Norm("ffn_norm"),
        .. layer.Index == 0 ? layer.GatedFeedForward() : layer.Experts(selectionBias: selectionBias),
    ];

    internal static IEnumerable<ForgeTensor> Latent(ForgeLayer layer, bool absorbed, bool ranked = true, int rank = Rank, int value = Value)
    {
        ForgeShape shape = layer.Shape;
        ForgeLatent widths = shape.Latent ?? new(ranked ? QueryRank : 0, rank, Plain, Rotated, value);
        int heads = shape.Heads, length = widths.Plain + widths.Rotated, gain = absorbed ? 5 : 10;
        if (widths.QueryRank > 0)
        {
            yield return layer.Weight("attn_q_a", shape.Embedding, widths.QueryRank);
            yield return layer.Scale("attn_q_a_norm", widths.QueryRank);
            yield return layer.Weight("attn_q_b", widths.QueryRank, heads * length, gain);
        }
        else
        {
            yield return layer.Weight("attn_q", shape.Embedding, heads * length, gain);
        }

        yield return layer.Weight("attn_kv_a_mqa", shape.Embedding, widths.Rank + widths.Rotated);
        yield return layer.Scale("attn_kv_a_norm", widths.Rank);
        if (absorbed)
        {
            // Read the other way round, from the latent vector to keys, this is a gain of one.
            yield return layer.ExpertWeight("attn_k_b", widths.Plain, widths.Rank, heads, gain: 5);
            yield return layer.ExpertWeight("attn_v_b", widths.Rank, widths.Value, heads);
        }
        else
        {
            yield return layer.Weight("attn_kv_b", widths.Rank, heads * (widths.Plain + widths.Value));
        }

        yield return layer.Back("attn_output", heads * widths.Value);
    }
}
