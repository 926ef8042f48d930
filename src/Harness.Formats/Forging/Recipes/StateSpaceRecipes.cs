namespace Harness.Formats.Forging.Recipes;

/// <summary>State-space models and their hybrids with attention: Mamba 1 and 2, Jamba, Falcon-H1, Granite 4, Nemotron-H, PLaMo 2.</summary>
internal static class StateSpaceRecipes
{
    // Of all probes: neither 1 nor what another dimension is.
    private const int Taps = 4;

    /// <summary><c>mamba</c>: nothing but selective scans; Falcon-Mamba norms what they are controlled by.</summary>
    public static ForgeArchitecture Mamba()
    {
        ForgeShape shape = ProbeShape.Of("mamba") with { Layers = 2, TiedOutput = true };
        ForgeKeys keys = new() { { "attention.head_count", 0 }, { "feed_forward_length", 0 } };
        return new ForgeArchitecture("mamba", Tensors, [new("default", shape), shape.Variant("falcon", new() { { "ssm.dt_b_c_rms", true } })])
        {
            Keys = keys.Without(NoAttention).And(ScanKeys),
        };

        static IEnumerable<ForgeTensor> Tensors(ForgeShape shape) => DecoderTensors.Model(shape, layer =>
            [.. layer.Norm("attn_norm"), .. SelectiveScan(layer)]);
    }

    /// <summary><c>mamba2</c>: nothing but Mamba-2 blocks.</summary>
    public static ForgeArchitecture Mamba2()
    {
        Heads heads = new(Count: 16, Length: 32, Groups: 2, States: 64);
        ForgeKeys keys = new() { { "attention.head_count", 0 }, { "feed_forward_length", 0 } };
        return new ForgeArchitecture(
            ProbeShape.Of("mamba2"),
            shape => DecoderTensors.Model(shape, layer => [.. layer.Norm("attn_norm"), .. Mamba2(layer, heads)]),
            keys.Without(NoAttention).And(heads.Keys));
    }

    /// <summary><c>jamba</c>: scans, with norms inside, and attention without positions take turns; some layers have experts.</summary>
    public static ForgeArchitecture Jamba()
    {
        ForgeShape shape = ProbeShape.Of("jamba");
        ForgeShape mixture = shape with { Layers = 2, Experts = new() { Count = 6, Used = 3, Length = shape.FeedForward } };
        return new ForgeArchitecture("jamba", Tensors, [new("default", shape), mixture.Variant("experts", mixture.ExpertKeys(AttentionInLayer(1, layers: 2)))])
        {
            Keys = ScanKeys.And(AttentionInLayer(1)),
        };

        static IEnumerable<ForgeTensor> Tensors(ForgeShape shape) => DecoderTensors.Model(shape, layer =>
        [
            .. layer.Norm("attn_norm"),
            .. layer.Index == 1 ? layer.Attention() : [.. SelectiveScan(layer), .. MixNorms(layer, ScanRank, ScanStates)],
            .. layer.Norm("ffn_norm"), .. layer.Index == 1 && shape.Experts is not null ? layer.Experts() : Softly(layer.GatedFeedForward()),
        ]);
    }

    /// <summary><c>falcon-h1</c>: attention and Mamba-2 side by side in each layer.</summary>
    public static ForgeArchitecture FalconH1()
    {
        Heads heads = new(Count: 16, Length: 32, Groups: 2, States: 64);
        return new ForgeArchitecture(
            ProbeShape.Of("falcon-h1") with { HeadDimension = 64 },
            shape => DecoderTensors.Model(shape, layer =>
            [
                .. layer.Norm("attn_norm"), .. layer.Attention(), .. Mamba2(layer, heads),
                layer.Scale("ffn_norm", shape.Embedding) with { Name = $"blk.{layer.Index}.ffn_norm" }, .. layer.GatedFeedForward(bias: true),
            ]),
            heads.Keys);
    }

    /// <summary><c>granitehybrid</c>: Mamba-2 or attention, with Granite's four scales; with experts and a shared one, too.</summary>
    public static ForgeArchitecture GraniteHybrid()
    {
        Heads heads = new(Count: 8, Length: 64, Groups: 2, States: 32);
        ForgeShape shape = ProbeShape.Of("granitehybrid") with { TiedOutput = true };
        ForgeShape mixture = shape with { Layers = 2, Experts = new() { Count = 5, Used = 2, Length = shape.FeedForward, SharedLength = 256 } };
        ForgeKeys scales = new()
        {
            { "embedding_scale", 2.5f }, { "residual_scale", 0.6f }, { "attention.scale", 0.125f }, { "logit_scale", 1.5f },
        };
        ForgeKeys expertKeys = mixture.ExpertKeys(new() { { "expert_shared_feed_forward_length", 256 } }).And(AttentionInLayer(1, layers: 2));
        return new ForgeArchitecture(
            "granitehybrid",
            shape => DecoderTensors.Model(shape, layer =>
            [
                .. layer.Norm("attn_norm"),
                .. HasAttention(layer) ? layer.Attention(bias: true, outputBias: true) : Mamba2(layer, heads),
                .. layer.Norm("ffn_norm"), .. shape.Experts is null ? layer.GatedFeedForward(bias: true) : layer.Experts(),
            ]),
            [
                new("default", shape), shape.Variant("no-positions", new() { { "rope.scaling.finetuned", false } }),
                mixture.Variant("experts", expertKeys),
            ])
        {
            Keys = scales.And(heads.Keys).And(AttentionInLayer(1)),
        };
    }

    /// <summary><c>nemotron_h</c>: each layer is one block: Mamba-2, feed-forward, attention.</summary>
    public static ForgeArchitecture NemotronH()
    {
        Heads heads = new(Count: 16, Length: 48, Groups: 4, States: 24);
        ForgeKeys keys = new()
        {
            { "attention.head_count_kv", [0, 0, 2, 0] }, { "feed_forward_length", [0, 768, 0, 0] },

            // llama.cpp asks for both and heeds that of the RMS norm.
            { "attention.layer_norm_epsilon", 1e-3f },
        };
        return new ForgeArchitecture(
            ProbeShape.Of("nemotron_h") with { Layers = 4, FeedForward = 768 },
            shape => DecoderTensors.Model(shape, layer =>
            [
                .. layer.Norm("attn_norm"),
                .. layer.Index switch
                {
                    1 => layer.FeedForward(bias: true),
                    2 => layer.Attention(bias: true, outputBias: true),
                    _ => Mamba2(layer, heads),
                },
            ]),
            keys.And(heads.Keys));
    }

    /// <summary><c>nemotron_h_moe</c>: experts without gates in a narrower space, chosen with a balancing bias, and a shared one.</summary>
    public static ForgeArchitecture NemotronHMoe()
    {
        Heads heads = new(Count: 16, Length: 48, Groups: 4, States: 24);
        const int Latent = 128;
        ForgeShape shape = ProbeShape.Of("nemotron_h_moe") with
        {
            FeedForward = 768,
            Experts = new() { Count = 6, Used = 2, Length = 256, SharedLength = 512 },
        };
        ForgeKeys keys = shape.ExpertKeys(new()
        {
            { "attention.head_count_kv", [0, 0, 2] }, { "feed_forward_length", [0, 768, 0] }, { "attention.layer_norm_epsilon", 1e-3f },
            { "expert_shared_feed_forward_length", 512 }, { "expert_shared_count", 1 }, { "expert_weights_norm", true },
            { "expert_weights_scale", 1.5f }, { "moe_latent_size", Latent },
        });
        return new ForgeArchitecture(
            shape,
            shape => DecoderTensors.Model(shape, layer =>
            [
                .. layer.Norm("attn_norm"),
                .. layer.Index switch
                {
                    1 => LatentExperts(layer),
                    2 => layer.Attention(),
                    _ => Mamba2(layer, heads),
                },
            ]),
            keys.And(heads.Keys));

        static IEnumerable<ForgeTensor> LatentExperts(ForgeLayer layer) =>
        [
            .. layer.Experts(selectionBias: true, gated: false).Select(tensor =>
                tensor.Name.EndsWith("ffn_up_exps.weight", StringComparison.Ordinal) ? tensor with { Shape = tensor.Shape.SetItem(0, Latent) }
                : tensor.Name.EndsWith("ffn_down_exps.weight", StringComparison.Ordinal) ? tensor with { Shape = tensor.Shape.SetItem(1, Latent) }
                : tensor),
            layer.Weight("ffn_latent_down", layer.Shape.Embedding, Latent), layer.Back("ffn_latent_up", Latent),
        ];
    }

    /// <summary><c>plamo2</c>: its own Mamba-2, heads normed with weights of their own, norms before and after blocks.</summary>
    public static ForgeArchitecture Plamo2()
    {
        Heads heads = new(Count: 32, Length: 24, Groups: 0, States: 16);
        const int Rank = 64;
        return new ForgeArchitecture(
            ProbeShape.Of("plamo2"),
            shape => DecoderTensors.Model(shape, layer =>
            [
                .. layer.Norm("attn_norm"),
                .. layer.Index == 1
                    ?
                    [
                        .. layer.FusedAttention(),
                        layer.Scale("attn_q_norm", shape.HeadDimension, shape.Heads), layer.Scale("attn_k_norm", shape.HeadDimension, shape.KvHeads),
                    ]
                    : LateMamba2(layer, heads, Rank),
                layer.Between("post_attention_norm", [shape.Embedding], 0.1, 0.4),
                .. layer.Norm("ffn_norm"), .. layer.FusedGatedFeedForward(),
                layer.Between("post_ffw_norm", [shape.Embedding], 0.1, 0.4),
            ]),
            heads.Keys.And(AttentionInLayer(1)));
    }

    /// <summary><c>lfm2</c>: gated convolutions of three tokens, attention with normed heads, an output norm of an odd name.</summary>
    public static ForgeArchitecture Lfm2()
    {
        ForgeKeys keys = new() { { "shortconv.l_cache", 3 } };
        return new ForgeArchitecture(
            ProbeShape.Of("lfm2") with { TiedOutput = true, FeedForward = 768 },
            shape => DecoderTensors.Model(shape, layer =>
            [
                .. layer.Norm("attn_norm"),
                .. HasAttention(layer) ? [.. layer.Attention(), .. layer.HeadNorms()] : ShortConvolution(layer),
                .. layer.Norm("ffn_norm"), .. Softly(layer.GatedFeedForward()),
            ]).Select(tensor => tensor.Name == "output_norm.weight" ? tensor with { Name = "token_embd_norm.weight" } : tensor),
            keys.And(AttentionInLayer(1)));
    }

    /// <summary><c>lfm2moe</c>: the same with experts after a dense layer.</summary>
    public static ForgeArchitecture Lfm2Moe()
    {
        ForgeShape shape = ProbeShape.Of("lfm2moe") with { TiedOutput = true, FeedForward = 768, Experts = new() { Count = 6, Used = 2, Length = 256 } };
        ForgeKeys keys = shape.ExpertKeys(new() { { "shortconv.l_cache", 3 }, { "leading_dense_block_count", 1 }, { "expert_gating_func", 2 } });
        return new ForgeArchitecture(
            shape,
            shape => DecoderTensors.Model(shape, layer =>
            [
                .. layer.Norm("attn_norm"),
                .. HasAttention(layer) ? [.. layer.Attention(), .. layer.HeadNorms()] : ShortConvolution(layer),
                .. layer.Norm("ffn_norm"), .. layer.Index == 0 ? Softly(layer.GatedFeedForward()) : layer.Experts(selectionBias: true),
            ]).Select(tensor => tensor.Name == "output_norm.weight" ? tensor with { Name = "token_embd_norm.weight" } : tensor),
            keys.And(AttentionInLayer(1)));
    }

    /// <summary>The tensors of a gated short convolution.</summary>
    public static IEnumerable<ForgeTensor> ShortConvolution(ForgeLayer layer)
    {
        int width = layer.Shape.Embedding;
        yield return layer.Weight("shortconv.in_proj", width, 3 * width);
        yield return layer.Between("shortconv.conv.weight", [3, width], -1, 1);
        yield return layer.BackFromState("shortconv.out_proj", width);
    }

    /// <summary>Whether a layer has attention: of a probe, the second.</summary>
    public static bool HasAttention(ForgeLayer layer) => layer.Shape.AttentionLayers?.Contains(layer.Index) ?? layer.Index == 1;

    /// <summary>Keys of one layer of attention among recurrent ones.</summary>
    /// <param name="attention">Which layer.</param>
    /// <param name="layers">How many there are.</param>
    public static ForgeKeys AttentionInLayer(int attention, int layers = 3) =>
        new() { { "attention.head_count_kv", [.. Enumerable.Range(0, layers).Select(i => i == attention ? 2 : 0)] } };

    /// <summary>A feed-forward whose share of the residual stream is small beside that of the recurrences.</summary>
    public static IEnumerable<ForgeTensor> Softly(IEnumerable<ForgeTensor> feedForward) => feedForward.Select(tensor =>
        tensor.Name.EndsWith("ffn_down.weight", StringComparison.Ordinal) ? tensor with { GainEighths = ForgeLayer.One / 2 } : tensor);

    /// <summary>The tensors of Mamba-2.</summary>
    public static IEnumerable<ForgeTensor> Mamba2(ForgeLayer layer, Heads heads)
    {
        if (layer.Shape.StateHeads is { } own)
            heads = new Heads(own.Count, own.Length, own.Groups, own.States);
        int channels = heads.Inner + (2 * heads.Groups * heads.States);
        yield return layer.Weight("ssm_in", layer.Shape.Embedding, heads.Inner + channels + heads.Count);
        yield return layer.Between("ssm_conv1d.weight", [Taps, channels], -0.9, 0.9);
        yield return layer.Bias("ssm_conv1d", channels);
        yield return layer.Between("ssm_dt.bias", [heads.Count], -3, 0);
        yield return layer.Between("ssm_a", [1, heads.Count], -2, -0.1);
        yield return layer.Between("ssm_d", [1, heads.Count], 0.4, 1.2);
        yield return layer.Scale("ssm_norm", heads.Inner / heads.Groups, heads.Groups);
        yield return layer.BackFromState("ssm_out", heads.Inner);
    }

    // No multiple of 16: llama.cpp's AMX code takes the matrix of time steps otherwise, and then misreads its inputs, which
    // lie apart, or finds that it cannot multiply them.
    private const int ScanRank = 40;
    private const int ScanStates = 16;

    private static readonly string[] NoAttention =
        ["attention.head_count_kv", "attention.key_length", "attention.value_length", "rope.dimension_count", "rope.freq_base"];

    private static ForgeKeys ScanKeys => new()
    {
        { "ssm.conv_kernel", Taps }, { "ssm.inner_size", 512 }, { "ssm.state_size", ScanStates }, { "ssm.time_step_rank", ScanRank },
    };

    private static IEnumerable<ForgeTensor> SelectiveScan(ForgeLayer layer)
    {
        int inner = 2 * layer.Shape.Embedding;
        yield return layer.Weight("ssm_in", layer.Shape.Embedding, 2 * inner);
        yield return layer.Between("ssm_conv1d.weight", [Taps, inner], -0.9, 0.9);
        yield return layer.Bias("ssm_conv1d", inner);
        yield return layer.Weight("ssm_x", inner, ScanRank + (2 * ScanStates));
        yield return layer.Weight("ssm_dt", ScanRank, inner, ForgeLayer.One / 2);
        yield return layer.Between("ssm_dt.bias", [inner], -3, 0);
        yield return layer.Between("ssm_a", [ScanStates, inner], -4, -0.1);
        yield return layer.Between("ssm_d", [inner], 0.4, 1.2);
        yield return layer.BackFromState("ssm_out", inner);
    }

    private static IEnumerable<ForgeTensor> LateMamba2(ForgeLayer layer, Heads heads, int rank)
    {
        yield return layer.Weight("ssm_in", layer.Shape.Embedding, 2 * heads.Inner);
        yield return layer.Between("ssm_conv1d.weight", [Taps, heads.Inner], -0.9, 0.9);
        yield return layer.Weight("ssm_x", heads.Inner, rank + (2 * heads.States));
        yield return layer.Weight("ssm_dt", rank, heads.Count, ForgeLayer.One / 2);
        yield return layer.Between("ssm_dt.bias", [heads.Count], -3, 0);
        yield return layer.Between("ssm_a", [heads.Count], -2, -0.1);
        yield return layer.Between("ssm_d", [heads.Count], 0.4, 1.2);
        yield return layer.BackFromState("ssm_out", heads.Inner);
        foreach (ForgeTensor tensor in MixNorms(layer, rank, heads.States))
            yield return tensor with { Name = tensor.Name.Replace(".weight", string.Empty, StringComparison.Ordinal) };
    }

    private static IEnumerable<ForgeTensor> MixNorms(ForgeLayer layer, int rank, int states) =>
        [layer.Scale("ssm_dt_norm", rank), layer.Scale("ssm_b_norm", states), layer.Scale("ssm_c_norm", states)];

    /// <summary>The heads of Mamba-2.</summary>
    internal sealed record Heads(int Count, int Length, int Groups, int States)
    {
        public int Inner => Count * Length;

        public ForgeKeys Keys => new()
        {
            { "ssm.conv_kernel", Taps }, { "ssm.inner_size", Inner }, { "ssm.state_size", States },
            { "ssm.time_step_rank", Count }, { "ssm.group_count", Groups },
        };
    }
}
