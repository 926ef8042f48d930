using System.Globalization;
using Harness.Engine.Blueprints;

namespace Harness.Engine.Architectures;

/// <summary>
/// RWKV 6 and 7, and the same time mixes in place of attention in Qwen 2 (QRWKV, ARWKV): no attention, no positions.
/// </summary>
internal static class Rwkv
{
    public static Blueprint Read6(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        int every = header.Number("rescale_every_n_layers", 0);
        Blueprint blueprint = WithEmbeddingNorm(transformer, transformer.Build(layer => LayerBlueprint.Sequential(
            TimeMix6(transformer, layer) with { Norm = transformer.LayerNorm("attn_norm") },
            ChannelMix(transformer, layer, receptance: true)) with
        {
            Scale = every > 0 && (layer + 1) % every == 0 ? 0.5f : 1,
        }));

        // Where there is one tensor for all five, those for each are its parts again.
        return transformer.Without(blueprint, "blk.*.time_mix_lerp_");
    }

    public static Blueprint Read6Qwen2(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        return transformer.Build(layer => LayerBlueprint.Sequential(
            TimeMix6(transformer, layer) with { Norm = transformer.RmsNorm("attn_norm") },
            transformer.FeedForward(layer) with { Bias = false, TensorScales = false }));
    }

    public static Blueprint Read7(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        return WithoutFirstValueMix(WithEmbeddingNorm(transformer, transformer.Build(layer => LayerBlueprint.Sequential(
            TimeMix7(transformer, layer) with { Norm = transformer.LayerNorm("attn_norm") },
            ChannelMix(transformer, layer, receptance: false)))));
    }

    public static Blueprint Read7Qwen2(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        return WithoutFirstValueMix(transformer.Build(layer => LayerBlueprint.Sequential(
            TimeMix7(transformer, layer) with { Norm = transformer.RmsNorm("attn_norm") },
            transformer.FeedForward(layer) with { Bias = false, TensorScales = false })));
    }

    private static Blueprint WithEmbeddingNorm(TransformerHeader transformer, Blueprint blueprint) => blueprint with
    {
        Embedding = new EmbeddingBlueprint { Norm = transformer.LayerNorm("token_embd_norm") },
        OutputNorm = transformer.LayerNorm("output_norm"),
    };

    // The first layer has no earlier values to mix its own with; files hold the tensors all the same.
    private static Blueprint WithoutFirstValueMix(Blueprint blueprint) => blueprint with
    {
        UnusedTensors = [.. blueprint.UnusedTensors, "blk.0.time_mix_v0.", "blk.0.time_mix_v1.", "blk.0.time_mix_v2."],
    };

    private static Rwkv6TimeMixBlueprint TimeMix6(TransformerHeader transformer, int layer)
    {
        ModelHeader header = transformer.Header;
        int length = HeadLength(transformer);
        int heads = transformer.Embedding / length;
        int keyValueHeads = header.HasKey("attention.head_count_kv") ? transformer.KeyValueHeads(layer) : 0;
        if (keyValueHeads == 0)
            keyValueHeads = heads;
        if (heads % keyValueHeads != 0)
        {
            throw new ModelException(string.Create(
                CultureInfo.InvariantCulture,
                $"Layer {layer} has {heads} heads and {keyValueHeads} key/value heads; the first must be a multiple of the second."));
        }

        return new Rwkv6TimeMixBlueprint
        {
            Width = transformer.Embedding,
            HeadLength = length,
            KeyValueHeads = keyValueHeads,
            MixRank = header.Count("time_mix_extra_dim"),
            DecayRank = header.Count("time_decay_extra_dim"),
            Bonus = transformer.Has(layer, "time_mix_first.weight"),
        };
    }

    private static Rwkv7TimeMixBlueprint TimeMix7(TransformerHeader transformer, int layer)
    {
        ModelHeader header = transformer.Header;
        bool gated = transformer.Has(layer, "time_mix_g1.weight") && transformer.Has(layer, "time_mix_g2.weight");
        return new Rwkv7TimeMixBlueprint
        {
            Width = transformer.Embedding,
            HeadLength = HeadLength(transformer),
            DecayRank = header.Count("attention.decay_lora_rank"),
            RateRank = header.Count("attention.iclr_lora_rank"),
            ValueRank = header.Count("attention.value_residual_mix_lora_rank"),
            GateRank = gated ? header.Count("attention.gate_lora_rank") : 0,
            HeadNorm = transformer.Has(layer, "time_mix_ln.weight"),
            First = layer == 0,
        };
    }

    private static RwkvChannelMixBlueprint ChannelMix(TransformerHeader transformer, int layer, bool receptance) => new()
    {
        Norm = transformer.LayerNorm("attn_norm_2"),
        Width = transformer.Embedding,
        Length = transformer.FeedForwardLength(layer),
        Receptance = receptance,
    };

    private static int HeadLength(TransformerHeader transformer)
    {
        int length = transformer.Header.Count("wkv.head_size");
        return transformer.Embedding % length == 0
            ? length
            : throw new ModelException(string.Create(
                CultureInfo.InvariantCulture,
                $"'{transformer.Header.Prefixed("wkv.head_size")}' is {length}; it must divide the embedding length, {transformer.Embedding}."));
    }
}
