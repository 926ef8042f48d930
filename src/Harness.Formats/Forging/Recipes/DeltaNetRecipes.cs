namespace Harness.Formats.Forging.Recipes;

/// <summary>Hybrids of attention and of delta-nets: Qwen3-Next, Qwen 3.5, Kimi Linear.</summary>
internal static class DeltaNetRecipes
{
    private const int Taps = 4;
    private const int KeyHeads = 4;
    private const int ValueHeads = 16;
    private const int HeadLength = 24;
    private const int Channels = HeadLength * ((2 * KeyHeads) + ValueHeads);

    /// <summary><c>qwen35</c>: gated delta-nets and gated attention take turns; sectioned rotation of a half of each head.</summary>
    public static ForgeArchitecture Qwen35() => new(
        ProbeShape.Of("qwen35") with { Layers = 4, Heads = 6, HeadDimension = 64, Tokenizer = ForgedTokenizer.BpeQwen2 },
        shape => Tensors(shape, layer => [.. GatedDelta(layer), .. BetaAndAlpha(layer)], layer => layer.GatedFeedForward()),
        Keys.And(new() { { "rope.dimension_sections", [6, 5, 5, 0] }, { "rope.dimension_count", 32 } }));

    /// <summary><c>qwen35moe</c>: the same with experts and a shared one behind a gate.</summary>
    public static ForgeArchitecture Qwen35Moe()
    {
        ForgeShape shape = Mixture("qwen35moe");
        ForgeKeys rotation = new() { { "rope.dimension_sections", [6, 5, 5, 0] }, { "rope.dimension_count", 32 } };
        return new ForgeArchitecture(
            shape,
            s => Tensors(s, layer => [.. GatedDelta(layer), .. BetaAndAlpha(layer)], SharedExperts),
            MixtureKeys(shape).And(rotation));
    }

    /// <summary><c>qwen3next</c>: key heads shared by neighbours, not by turns; projections in both stored forms.</summary>
    public static ForgeArchitecture Qwen3Next()
    {
        ForgeShape shape = Mixture("qwen3next");
        return new ForgeArchitecture(
            "qwen3next",
            s => Tensors(s, layer => [.. GatedDelta(layer), BetaAlpha(layer)], SharedExperts),
            [
                new("default", shape),
                shape.Variant("by-key-head") with { Tensors = s => Tensors(s, layer => [.. GatedDeltaByKeyHead(layer), BetaAlpha(layer)], SharedExperts) },
            ])
        {
            Keys = MixtureKeys(shape).And(new() { { "rope.dimension_count", 32 } }),
        };
    }

    /// <summary><c>kimi-linear</c>: delta-nets with a decay for each channel; latent attention without positions, absorbed.</summary>
    public static ForgeArchitecture KimiLinear()
    {
        // Plain and value parts are no multiples of 32: llama.cpp's AMX code takes the absorbed matrices of others, and then
        // finds that it cannot multiply them with heads that lie apart.
        const int Rank = 256, Plain = 104, Rotated = 24, Value = 72, Head = 40;
        ForgeShape shape = ProbeShape.Of("kimi-linear") with
        {
            Heads = 4,
            KvHeads = 1,
            Experts = new() { Count = 6, Used = 2, Length = 256, SharedLength = 256 },
        };
        ForgeKeys keys = shape.ExpertKeys(new()
        {
            { "attention.head_count_kv", [0, 1, 0] }, { "attention.kv_lora_rank", Rank }, { "attention.key_length", Rank + Rotated },
            { "attention.value_length", Rank }, { "attention.key_length_mla", Plain + Rotated }, { "attention.value_length_mla", Value },
            { "rope.dimension_count", Rotated }, { "ssm.conv_kernel", Taps }, { "kda.head_dim", Head }, { "leading_dense_block_count", 1 },
            { "expert_shared_count", 1 }, { "expert_gating_func", 2 }, { "expert_weights_scale", 1.5f },
        });
        return new ForgeArchitecture(
            shape,
            s => DecoderTensors.Model(s, layer =>
            [
                .. layer.Norm("attn_norm"), .. layer.Index == 1 ? Latent(layer) : KimiDelta(layer, Head),
                .. layer.Norm("ffn_norm"), .. layer.Index == 0 ? StateSpaceRecipes.Softly(layer.GatedFeedForward()) : layer.Experts(selectionBias: true),
            ]),
            keys);

        static IEnumerable<ForgeTensor> Latent(ForgeLayer layer) =>
        [
            layer.Weight("attn_q", layer.Shape.Embedding, layer.Shape.Heads * (Plain + Rotated)),
            layer.Weight("attn_kv_a_mqa", layer.Shape.Embedding, Rank + Rotated), layer.Scale("attn_kv_a_norm", Rank),
            layer.ExpertWeight("attn_k_b", Plain, Rank, layer.Shape.Heads, gain: 5), layer.ExpertWeight("attn_v_b", Rank, Value, layer.Shape.Heads),
            layer.Back("attn_output", layer.Shape.Heads * Value),
        ];
    }

    /// <summary><c>bailingmoe3</c>: delta-nets whose decay is bounded; rotated latent attention with a gate for each head.</summary>
    public static ForgeArchitecture BailingMoe3()
    {
        const int Rank = 256, QueryRank = 512, Plain = 104, Rotated = 32, Value = 72, Head = 40;
        ForgeShape shape = ProbeShape.Of("bailingmoe3") with
        {
            Heads = 4,
            KvHeads = 1,
            Experts = new() { Count = 5, Used = 2, Length = 256, SharedLength = 256 },
        };
        ForgeKeys keys = shape.ExpertKeys(new()
        {
            { "attention.head_count_kv", [0, 1, 0] }, { "attention.q_lora_rank", QueryRank }, { "attention.kv_lora_rank", Rank },
            { "attention.key_length", Rank + Rotated }, { "attention.value_length", Rank },
            { "attention.key_length_mla", Plain + Rotated }, { "attention.value_length_mla", Value },
            { "rope.dimension_count", Rotated }, { "ssm.conv_kernel", Taps }, { "kda.head_dim", Head }, { "kda.safe_gate", true },
            { "kda.gate_lower_bound", -3f }, { "leading_dense_block_count", 1 }, { "expert_shared_count", 1 },
            { "expert_gating_func", 2 }, { "expert_weights_norm", true }, { "expert_weights_scale", 2.5f },
            { "swiglu_clamp_exp", [0f, 0.75f, 0f] }, { "swiglu_clamp_shexp", [0f, 0f, 1.25f] },
        });
        return new ForgeArchitecture(
            shape,
            s => DecoderTensors.Model(s, layer =>
            [
                .. layer.Norm("attn_norm"),
                .. layer.Index == 1
                    ? [.. DeepSeekRecipes.Latent(layer, absorbed: true), layer.Weight("attn_gate", s.Embedding, s.Heads)]
                    : BoundedDelta(layer, Head),
                .. layer.Norm("ffn_norm"),
                .. layer.Index == 0 ? StateSpaceRecipes.Softly(layer.GatedFeedForward()) : layer.Experts(selectionBias: true),
            ]),
            keys);
    }

    private static IEnumerable<ForgeTensor> BoundedDelta(ForgeLayer layer, int head)
    {
        int width = layer.Shape.Heads * head;
        return
        [
            .. KimiDelta(layer, head).Where(t => !t.Name.Contains("ssm_f_", StringComparison.Ordinal) && !t.Name.Contains("ssm_g_", StringComparison.Ordinal)),
            layer.Weight("ssm_f_a", layer.Shape.Embedding, width), layer.Weight("ssm_g_a", layer.Shape.Embedding, width),
        ];
    }

    private static IEnumerable<ForgeTensor> KimiDelta(ForgeLayer layer, int head)
    {
        int embedding = layer.Shape.Embedding;
        int heads = layer.Shape.Heads;
        int width = heads * head;
        foreach (char name in "qkv")
        {
            yield return layer.Weight($"attn_{name}", embedding, width);
            yield return layer.Between($"ssm_conv1d_{name}.weight", [Taps, 1, width], -0.9, 0.9);
        }

        yield return layer.Weight("ssm_f_a", embedding, head);
        yield return layer.Weight("ssm_f_b", head, width);
        yield return layer.Weight("ssm_beta", embedding, heads);
        yield return layer.Between("ssm_a", [1, heads], -1.5, -0.1);
        yield return layer.Between("ssm_dt.bias", [width], -3, 0);
        yield return layer.Weight("ssm_g_a", embedding, head);
        yield return layer.Weight("ssm_g_b", head, width);
        yield return layer.Scale("ssm_norm", head);
        yield return layer.BackFromState("attn_output", width);
    }

    private static ForgeShape Mixture(string architecture) => ProbeShape.Of(architecture) with
    {
        Layers = 2,
        Heads = 12,
        HeadDimension = 64,
        KvHeads = 3,
        Experts = new() { Count = 5, Used = 3, Length = 256, SharedLength = 256 },
        Tokenizer = ForgedTokenizer.BpeQwen2,
    };

    private static ForgeKeys MixtureKeys(ForgeShape shape) =>
        shape.ExpertKeys(new() { { "expert_shared_feed_forward_length", 256 } }).And(Keys);

    private static IEnumerable<ForgeTensor> SharedExperts(ForgeLayer layer) =>
        [.. layer.Experts(), new($"blk.{layer.Index}.ffn_gate_inp_shexp.weight", [layer.Shape.Embedding], ForgeValues.Absolute, 1)];

    private static IEnumerable<ForgeTensor> Tensors(
        ForgeShape shape, Func<ForgeLayer, IEnumerable<ForgeTensor>> delta, Func<ForgeLayer, IEnumerable<ForgeTensor>> feedForward) =>
        DecoderTensors.Model(shape, layer =>
        [
            .. layer.Norm("attn_norm"), .. layer.Index % 2 == 1 ? GatedAttention(layer) : delta(layer),
            .. layer.Norm("post_attention_norm"), .. feedForward(layer),
        ]);

    private static ForgeKeys Keys => new()
    {
        { "ssm.conv_kernel", Taps }, { "ssm.inner_size", ValueHeads * HeadLength }, { "ssm.state_size", HeadLength },
        { "ssm.time_step_rank", ValueHeads }, { "ssm.group_count", KeyHeads }, { "full_attention_interval", 2 },
    };

    private static IEnumerable<ForgeTensor> GatedAttention(ForgeLayer layer) =>
    [
        .. layer.Attention().Select(tensor => tensor.Name.EndsWith("attn_q.weight", StringComparison.Ordinal)
            ? tensor with { Shape = [layer.Shape.Embedding, 2 * layer.QueryWidth] }
            : tensor),
        .. layer.HeadNorms(),
    ];

    private static IEnumerable<ForgeTensor> GatedDelta(ForgeLayer layer) =>
    [
        layer.Weight("attn_qkv", layer.Shape.Embedding, Channels),
        layer.Weight("attn_gate", layer.Shape.Embedding, ValueHeads * HeadLength),
        .. DeltaRest(layer),
    ];

    private static IEnumerable<ForgeTensor> GatedDeltaByKeyHead(ForgeLayer layer) =>
        [layer.Weight("ssm_in", layer.Shape.Embedding, Channels + (ValueHeads * HeadLength)), .. DeltaRest(layer)];

    private static IEnumerable<ForgeTensor> DeltaRest(ForgeLayer layer) =>
    [
        layer.Between("ssm_conv1d.weight", [Taps, Channels], -0.9, 0.9),
        layer.Between("ssm_dt.bias", [ValueHeads], -3, 0),
        layer.Between("ssm_a", [ValueHeads], -1.5, -0.1),
        layer.Scale("ssm_norm", HeadLength),
        layer.BackFromState("ssm_out", ValueHeads * HeadLength),
    ];

    private static IEnumerable<ForgeTensor> BetaAndAlpha(ForgeLayer layer) =>
        [layer.Weight("ssm_beta", layer.Shape.Embedding, ValueHeads), layer.Weight("ssm_alpha", layer.Shape.Embedding, ValueHeads)];

    private static ForgeTensor BetaAlpha(ForgeLayer layer) => layer.Weight("ssm_ba", layer.Shape.Embedding, 2 * ValueHeads);
}
