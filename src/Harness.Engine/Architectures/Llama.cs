using Harness.Engine.Blueprints;

namespace Harness.Engine.Architectures;

/// <summary>
/// The llama family (Llama 1–3, Mistral, TinyLlama, DeepSeek-Coder, SmolLM…): rotary pairs of neighbours, RMS norms,
/// SwiGLU; biases, fused projections and experts (Mixtral) where the file has them. And those that differ from it in a
/// choice or two.
/// </summary>
internal static class Llama
{
    /// <summary>Llama itself.</summary>
    public static Blueprint Read(ModelHeader header) => Read(header, RotaryKind.Norm, mayHaveExperts: true);

    /// <summary>InternLM 2: no experts, whatever their count.</summary>
    public static Blueprint ReadInternLm2(ModelHeader header) => Read(header, RotaryKind.Norm, mayHaveExperts: false);

    /// <summary>Ernie 4.5, dense: no bias of the attention's output.</summary>
    public static Blueprint ReadErnie45(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.Norm) with { FactorsTensor = null };
        return transformer.Without(
            transformer.Build(layer => LayerBlueprint.Sequential(
                transformer.Attention(layer, rotary) with { OutputBias = false }, transformer.FeedForward(layer))),
            "blk.*.attn_output.bias");
    }

    /// <summary>EXAONE 3: rotary halves.</summary>
    public static Blueprint ReadHalves(ModelHeader header) => Read(header, RotaryKind.NeoX, mayHaveExperts: false);

    /// <summary>Ministral 3: queries grow beyond the original context.</summary>
    public static Blueprint ReadMistral3(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.Norm, yarnParameters: true);
        Func<int, BlockBlueprint> inner = FeedForwardOrExperts(transformer);
        float growth = header.Single("attention.temperature_scale", 0);
        return transformer.Build(layer => LayerBlueprint.Sequential(
            transformer.Attention(layer, rotary) with
            {
                Scale = Scaled(header, transformer),
                Temperature = growth == 0 ? null : new AttentionTemperature(growth, rotary.OriginalContext),
            },
            inner(layer)));
    }

    /// <summary>SmolLM 3: every fourth layer does not rotate.</summary>
    public static Blueprint ReadSmolLm3(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.Norm) with { FactorsTensor = null };
        return transformer.Build(layer => LayerBlueprint.Sequential(
            transformer.Attention(layer, layer % 4 == 3 ? null : rotary) with { Scale = Scaled(header, transformer) },
            transformer.FeedForward(layer)));
    }

    /// <summary>
    /// Baichuan: the 7B, known by its 32 layers, rotates; the 13B, known by its 40, has ALiBi. Nothing else in the file
    /// tells; as in llama.cpp, a model of another depth has no positions.
    /// </summary>
    public static Blueprint ReadBaichuan(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        RotaryBlueprint? rotary = transformer.Layers == 32 ? transformer.Rotary(RotaryKind.Norm) with { FactorsTensor = null } : null;
        return transformer.Build(layer => LayerBlueprint.Sequential(
            transformer.Attention(layer, rotary) with { AlibiMaxBias = transformer.Layers == 40 ? 8 : 0 }, transformer.FeedForward(layer)));
    }

    /// <summary>Seed-OSS: rotary halves; the feed-forward's norm bears the name of the one after attention.</summary>
    public static Blueprint ReadSeedOss(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.NeoX) with { FactorsTensor = null };
        return transformer.Build(layer => LayerBlueprint.Sequential(
            transformer.Attention(layer, rotary) with { Scale = Scaled(header, transformer) },
            transformer.FeedForward(layer) with { Norm = transformer.RmsNorm("post_attention_norm") }));
    }

    /// <summary>Granite, dense or of experts with or without a shared one: scales of embedding, attention, residual and logits.</summary>
    public static Blueprint ReadGranite(ModelHeader header) => ReadScaled(
        header, embedding: 0, residual: 0, header.Single("logit_scale"), rotates: header.Flag("rope.scaling.finetuned", otherwise: true));

    /// <summary>Granite MoE: the same, and always rotated.</summary>
    public static Blueprint ReadGraniteMoe(ModelHeader header) =>
        ReadScaled(header, embedding: 0, residual: 0, header.Single("logit_scale"), rotates: true);

    /// <summary>MiniCPM: the same scales, which follow from depth and width where the file does not say them.</summary>
    public static Blueprint ReadMiniCpm(ModelHeader header) => ReadScaled(
        header,
        embedding: 12,
        residual: 1.4f / MathF.Sqrt(header.Count("block_count")),
        header.Single("logit_scale", 256f / header.Count("embedding_length")),
        rotates: true);

    /// <summary>The attention scale of the metadata, or the usual one.</summary>
    internal static float Scaled(ModelHeader header, TransformerHeader transformer)
    {
        float given = header.Single("attention.scale", 0);
        return given == 0 ? 1 / MathF.Sqrt(transformer.KeyLength) : given;
    }

    private static Blueprint Read(ModelHeader header, RotaryKind kind, bool mayHaveExperts)
    {
        var transformer = new TransformerHeader(header);
        RotaryBlueprint rotary = transformer.Rotary(kind);
        Func<int, BlockBlueprint> inner = mayHaveExperts ? FeedForwardOrExperts(transformer) : transformer.FeedForward;
        return transformer.Build(layer => LayerBlueprint.Sequential(
            transformer.Attention(layer, rotary) with { Scale = Scaled(header, transformer) }, inner(layer)));
    }

    private static Func<int, BlockBlueprint> FeedForwardOrExperts(TransformerHeader transformer)
    {
        if (transformer.Header.Number("expert_count", 0u) == 0)
            return transformer.FeedForward;
        var experts = new ExpertsHeader(transformer, tensorScales: true);
        RouterBlueprint router = experts.Router(ExpertGating.Softmax, normalize: true);
        return layer => experts.Experts(layer, router);
    }

    private static Blueprint ReadScaled(ModelHeader header, float embedding, float residual, float logits, bool rotates)
    {
        var transformer = new TransformerHeader(header);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.Norm);
        embedding = header.Single("embedding_scale", embedding);
        residual = header.Single("residual_scale", residual);
        float scale = residual == 0 ? 1 : residual;
        Func<int, BranchBlueprint> second = ExpertsHeader.Branches(transformer, e => e.Router(ExpertGating.Softmax, normalize: true));
        Blueprint blueprint = transformer.Build(layer => new LayerBlueprint(
        [
            new BranchBlueprint(transformer.Attention(layer, rotates ? rotary : null) with { Scale = Scaled(header, transformer) }) { Scale = scale },
            second(layer) with { Scale = scale },
        ]));
        return (rotates ? blueprint : transformer.Without(blueprint, "rope_freqs.")) with
        {
            Embedding = new EmbeddingBlueprint { Scale = embedding == 0 ? 1 : embedding },
            LogitScale = 1 / logits,
        };
    }
}
