namespace Harness.Formats.Forging.Recipes;

/// <summary>RWKV 6 and 7, and Qwen 2 with their time mixes in place of attention.</summary>
internal static class RwkvRecipes
{
    private const int MixRank = 24;
    private const int DecayRank = 40;
    private const int RateRank = 48;
    private const int ValueRank = 20;
    private const int GateRank = 56;

    private static readonly string[] NoAttention =
        ["attention.key_length", "attention.value_length", "rope.dimension_count", "rope.freq_base"];

    /// <summary><c>rwkv6</c>: mixing amounts, decays and receptance of the token's own; the stream halved now and then.</summary>
    public static ForgeArchitecture Rwkv6()
    {
        ForgeShape shape = Shape("rwkv6");
        ForgeKeys keys = new() { { "attention.head_count", 0 }, { "rescale_every_n_layers", 2 }, { "token_shift_count", 2 } };
        return new ForgeArchitecture("rwkv6", shape => Tensors(shape, fused: true), [new("default", shape), Apart(shape)])
        {
            Keys = keys.Without(NoAttention).Without("attention.head_count_kv").And(Keys6),
        };

        static ForgeProbe Apart(ForgeShape shape) => shape.Variant("split-lerp") with { Tensors = shape => Tensors(shape, fused: false) };
        static IEnumerable<ForgeTensor> Tensors(ForgeShape shape, bool fused) => DecoderTensors.Model(
            shape,
            layer =>
            [
                .. layer.Norm("attn_norm"), .. TimeMix6(layer, layer.Shape.Embedding, fused),
                layer.Between("time_mix_first.weight", [shape.HeadDimension, shape.Embedding / shape.HeadDimension], -0.5, 1),
                .. HeadNorm(layer), .. layer.Norm("attn_norm_2"), .. ChannelMix(layer, receptance: true),
            ],
            DecoderTensors.Norm(shape, "token_embd_norm"));
    }

    /// <summary><c>rwkv6qwen2</c>: without the bonus; heads share keys and values; biases; a SwiGLU.</summary>
    public static ForgeArchitecture Rwkv6Qwen2()
    {
        ForgeKeys keys = new() { { "attention.head_count", 0 }, { "token_shift_count", 1 } };
        return new ForgeArchitecture(
            Shape("rwkv6qwen2") with { Norm = ForgeNorm.Rms },
            shape => DecoderTensors.Model(shape, layer =>
            [
                .. layer.Norm("attn_norm"), .. TimeMix6(layer, layer.KeyWidth, fused: true),
                layer.Bias("time_mix_key", layer.KeyWidth), layer.Bias("time_mix_value", layer.KeyWidth), layer.Bias("time_mix_receptance", shape.Embedding),
                .. layer.Norm("ffn_norm"), .. layer.GatedFeedForward(),
            ]),
            keys.Without(NoAttention).And(Keys6));
    }

    /// <summary><c>rwkv7</c>: a delta rule with rates and decays by channel; values mixed with those of the first layer.</summary>
    public static ForgeArchitecture Rwkv7()
    {
        ForgeKeys keys = new() { { "attention.head_count", 0 }, { "token_shift_count", 2 }, { "attention.gate_lora_rank", GateRank } };
        return new ForgeArchitecture(
            Shape("rwkv7"),
            shape => DecoderTensors.Model(
                shape,
                layer =>
                [
                    .. layer.Norm("attn_norm"), .. TimeMix7(layer, gated: true), .. HeadNorm(layer),
                    .. layer.Norm("attn_norm_2"), .. ChannelMix(layer, receptance: false),
                ],
                DecoderTensors.Norm(shape, "token_embd_norm")),
            keys.Without(NoAttention).Without("attention.head_count_kv").And(Keys7));
    }

    /// <summary><c>arwkv7</c>: the same time mix before a SwiGLU; gate and norm of heads are optional.</summary>
    public static ForgeArchitecture Arwkv7()
    {
        ForgeShape shape = Shape("arwkv7") with { Norm = ForgeNorm.Rms };
        ForgeKeys keys = new() { { "attention.head_count", 0 }, { "token_shift_count", 1 }, { "attention.gate_lora_rank", GateRank } };
        return new ForgeArchitecture(
            "arwkv7",
            shape => Tensors(shape, full: true),
            [new("default", shape), shape.Variant("plain") with { Tensors = shape => Tensors(shape, full: false) }])
        {
            Keys = keys.Without(NoAttention).Without("attention.head_count_kv").And(Keys7),
        };

        static IEnumerable<ForgeTensor> Tensors(ForgeShape shape, bool full) => DecoderTensors.Model(shape, layer =>
        [
            .. layer.Norm("attn_norm"), .. TimeMix7(layer, full), .. full ? HeadNorm(layer) : [],
            .. layer.Norm("ffn_norm"), .. layer.GatedFeedForward(),
        ]);
    }

    private static ForgeKeys Keys6 => new()
    {
        { "wkv.head_size", 32 }, { "time_mix_extra_dim", MixRank }, { "time_decay_extra_dim", DecayRank },
    };

    // llama.cpp's vector code of the seventh version takes heads of 64 for granted.
    private static ForgeKeys Keys7 => new()
    {
        { "wkv.head_size", 64 }, { "attention.decay_lora_rank", DecayRank }, { "attention.iclr_lora_rank", RateRank },
        { "attention.value_residual_mix_lora_rank", ValueRank },
    };

    private static ForgeShape Shape(string architecture) => ProbeShape.Of(architecture) with { Norm = ForgeNorm.Layer, FeedForward = 768 };

    private static IEnumerable<ForgeTensor> TimeMix6(ForgeLayer layer, int keyWidth, bool fused)
    {
        int width = layer.Shape.Embedding;
        yield return layer.Weight("time_mix_w1", width, 5 * MixRank);
        yield return layer.ExpertWeight("time_mix_w2", MixRank, width, 5, ForgeLayer.One / 2);
        yield return layer.Between("time_mix_lerp_x.weight", [width, 1, 1], 0, 1);
        if (fused)
            yield return layer.Between("time_mix_lerp_fused.weight", [width, 1, 1, 5], 0, 1);
        for (int i = 0; !fused && i < 5; i++)
            yield return layer.Between($"time_mix_lerp_{"wkvrg"[i]}.weight", [width, 1, 1], 0, 1);
        yield return layer.Between("time_mix_decay.weight", [width], -4, 0);
        yield return layer.Weight("time_mix_decay_w1", width, DecayRank);
        yield return layer.Weight("time_mix_decay_w2", DecayRank, width, ForgeLayer.One / 2);
        yield return layer.Weight("time_mix_key", width, keyWidth);
        yield return layer.Weight("time_mix_value", width, keyWidth);
        yield return layer.Weight("time_mix_receptance", width, width);
        yield return layer.Weight("time_mix_gate", width, width);
        yield return layer.BackFromState("time_mix_output", width);
    }

    private static IEnumerable<ForgeTensor> TimeMix7(ForgeLayer layer, bool gated)
    {
        int width = layer.Shape.Embedding;
        yield return layer.Between("time_mix_lerp_fused.weight", [width, 1, 1, gated ? 6 : 5], 0, 1);
        yield return layer.Between("time_mix_w0.weight", [width], -3, 2);
        yield return layer.Weight("time_mix_w1", width, DecayRank);
        yield return layer.Weight("time_mix_w2", DecayRank, width);
        yield return layer.Between("time_mix_a0.weight", [width], -1, 1);
        yield return layer.Weight("time_mix_a1", width, RateRank);
        yield return layer.Weight("time_mix_a2", RateRank, width);

        // llama.cpp asks for the first layer's too, which nothing reads, and with the rate's rank.
        int valueRank = layer.Index == 0 ? RateRank : ValueRank;
        yield return layer.Between("time_mix_v0.weight", [width], -1, 1);
        yield return layer.Weight("time_mix_v1", width, valueRank);
        yield return layer.Weight("time_mix_v2", valueRank, width);
        if (gated)
        {
            yield return layer.Weight("time_mix_g1", width, GateRank);
            yield return layer.Weight("time_mix_g2", GateRank, width, 2 * ForgeLayer.One);
        }

        yield return layer.Between("time_mix_k_k.weight", [width], 0.5, 1.2);
        yield return layer.Between("time_mix_k_a.weight", [width], 0.5, 1.2);
        yield return layer.Between("time_mix_r_k.weight", [width], -0.5, 0.5);
        yield return layer.Weight("time_mix_key", width, width);
        yield return layer.Weight("time_mix_value", width, width);
        yield return layer.Weight("time_mix_receptance", width, width);
        yield return layer.BackFromState("time_mix_output", width);
    }

    private static IEnumerable<ForgeTensor> HeadNorm(ForgeLayer layer) =>
        [layer.Scale("time_mix_ln", layer.Shape.Embedding), layer.Bias("time_mix_ln", layer.Shape.Embedding)];

    private static IEnumerable<ForgeTensor> ChannelMix(ForgeLayer layer, bool receptance)
    {
        int width = layer.Shape.Embedding;
        yield return layer.Between("channel_mix_lerp_k.weight", [width, 1, 1], 0, 1);
        yield return layer.Weight("channel_mix_key", width, layer.Shape.FeedForward);
        yield return layer.BackFromState("channel_mix_value", layer.Shape.FeedForward);
        if (!receptance)
            yield break;
        yield return layer.Between("channel_mix_lerp_r.weight", [width, 1, 1], 0, 1);
        yield return layer.Weight("channel_mix_receptance", width, width);
    }
}
