using Harness.Engine.Blueprints;

namespace Harness.Engine.Architectures;

/// <summary>
/// Mixtures whose files state how experts are weighted, mostly with dense layers first, a shared expert and a bias that
/// balances the experts' load.
/// </summary>
internal static class SharedExperts
{
    /// <summary>GLM-4.5 and 4.6: partial rotation, biases, norms of heads in some sizes.</summary>
    public static Blueprint ReadGlm4(ModelHeader header) =>
        Read(header, RotaryKind.NeoX, ExpertGating.Sigmoid, feedForwardNorm: "post_attention_norm", sections: true);

    /// <summary>Ling: softmax over all experts.</summary>
    public static Blueprint ReadBailing(ModelHeader header)
    {
        int rotated = header.Count("rope.dimension_count", new TransformerHeader(header).KeyLength);
        return Read(header, RotaryKind.Norm, ExpertGating.Softmax, fixedGating: true, attention: a => a with { Scale = 1 / MathF.Sqrt(rotated) });
    }

    /// <summary>Ling 2 and Ring: norms of heads.</summary>
    public static Blueprint ReadBailing2(ModelHeader header) => Read(header, RotaryKind.NeoX, ExpertGating.Softmax);

    /// <summary>dots.llm1: norms of heads.</summary>
    public static Blueprint ReadDots1(ModelHeader header) => Read(header, RotaryKind.NeoX, ExpertGating.Softmax);

    /// <summary>ERNIE 4.5: softmax, normalised, with the balancing bias.</summary>
    public static Blueprint ReadErnie45(ModelHeader header) =>
        new TransformerHeader(header).Without(
            Read(header, RotaryKind.Norm, ExpertGating.Softmax, fixedGating: true, normalize: true, attention: a => a with { OutputBias = false }),
            "blk.*.attn_output.bias");

    /// <summary>Hunyuan: norms of heads after rotation.</summary>
    public static Blueprint ReadHunyuan(ModelHeader header) => Read(
        header, RotaryKind.NeoX, ExpertGating.Softmax, fixedGating: true, normalize: true, attention: a => a with { NormAfterRotary = true });

    /// <summary>Hunyuan 3: norms of heads before rotation.</summary>
    public static Blueprint ReadHunyuan3(ModelHeader header) => new TransformerHeader(header).Without(
        Read(header, RotaryKind.NeoX, ExpertGating.Sigmoid), TransformerHeader.DenseTensors);

    /// <summary>MiniMax M2: all heads normed as one vector.</summary>
    public static Blueprint ReadMiniMax2(ModelHeader header) =>
        Read(header, RotaryKind.NeoX, ExpertGating.Softmax, normalize: true, wholeVector: true);

    private static Blueprint Read(
        ModelHeader header,
        RotaryKind kind,
        ExpertGating gating,
        bool fixedGating = false,
        bool normalize = false,
        bool wholeVector = false,
        bool sections = false,
        string? feedForwardNorm = null,
        Func<AttentionBlueprint, AttentionBlueprint>? attention = null)
    {
        var transformer = new TransformerHeader(header);
        var experts = new ExpertsHeader(transformer, tensorScales: header.Architecture == "hy_v3");
        RotaryBlueprint rotary = transformer.Rotary(kind);
        if (sections && header.NumbersPerLayer("rope.dimension_sections", 4) is { } lengths)
            rotary = rotary with { Sections = [.. lengths] };
        RouterBlueprint router = experts.StatedRouter(gating);
        if (fixedGating)
            router = router with { Gating = gating };
        if (normalize)
            router = router with { NormalizeWeights = true };
        return transformer.Build(layer =>
        {
            AttentionBlueprint heads = transformer.Attention(layer, rotary) with
            {
                QueryNorm = transformer.Has(layer, "attn_q_norm.weight") ? transformer.HeadNorm("attn_q_norm", wholeVector) : null,
                KeyNorm = transformer.Has(layer, "attn_k_norm.weight") ? transformer.HeadNorm("attn_k_norm", wholeVector) : null,
            };
            BranchBlueprint second = experts.Branch(layer, router);
            if (feedForwardNorm is not null)
                second = second with { Blocks = [.. second.Blocks.Select(b => b with { Norm = transformer.RmsNorm(feedForwardNorm) })] };
            return new LayerBlueprint([new BranchBlueprint(attention is null ? heads : attention(heads)), second]);
        });
    }
}
