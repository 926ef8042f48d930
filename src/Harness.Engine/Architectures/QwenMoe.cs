using Harness.Engine.Blueprints;

namespace Harness.Engine.Architectures;

/// <summary>Mixtures of experts of the Qwen family, and those with the same graph.</summary>
internal static class QwenMoe
{
    /// <summary>Qwen 1.5 and 2: biases, weights of experts not normalised, a shared expert behind a gate.</summary>
    public static Blueprint ReadQwen2(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        var experts = new ExpertsHeader(transformer);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.NeoX) with { FactorsTensor = null };
        RouterBlueprint router = experts.Router(ExpertGating.Softmax, normalize: false);
        return transformer.Build(layer => new LayerBlueprint([
            new BranchBlueprint(transformer.Attention(layer, rotary)), experts.Branch(layer, router),
        ]));
    }

    /// <summary>Qwen 3: norms of heads, weights of experts normalised.</summary>
    public static Blueprint ReadQwen3(ModelHeader header) => Read(header, normalize: true);

    /// <summary>Qwen 3 VL: the same with a rotation in sections.</summary>
    public static Blueprint ReadQwen3Vl(ModelHeader header) => Read(header, normalize: true, sections: true);

    /// <summary>RND1: Qwen 3 as a diffusion model.</summary>
    public static Blueprint ReadRnd1(ModelHeader header) => Read(header, normalize: true, bidirectional: true);

    /// <summary>LLaDA-MoE: a diffusion model whose weights of experts are not normalised.</summary>
    public static Blueprint ReadLlada(ModelHeader header) => Read(header, normalize: false, bidirectional: true);

    /// <summary>OLMoE: all heads normed as one vector, weights of experts not normalised.</summary>
    public static Blueprint ReadOlmoe(ModelHeader header) => Read(header, normalize: false, wholeVector: true);

    /// <summary>GroveMoE: Qwen 3 whose experts share smaller ones.</summary>
    public static Blueprint ReadGrove(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        var experts = new ExpertsHeader(transformer);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.NeoX) with { FactorsTensor = null };
        RouterBlueprint router = experts.Router(ExpertGating.Softmax, normalize: true);
        return transformer.Build(layer => LayerBlueprint.Sequential(
            transformer.WithHeadNorms(transformer.Attention(layer, rotary)),
            experts.Experts(layer, router) with { Chunks = experts.Chunks(layer) }));
    }

    private static Blueprint Read(
        ModelHeader header, bool normalize, bool wholeVector = false, bool bidirectional = false, bool sections = false)
    {
        var transformer = new TransformerHeader(header);
        var experts = new ExpertsHeader(transformer, tensorScales: header.Architecture == "qwen3moe");
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.NeoX) with { FactorsTensor = null };
        if (sections && header.NumbersPerLayer("rope.dimension_sections", 4) is { } lengths)
            rotary = rotary with { Sections = [.. lengths], InterleavedSections = true };
        RouterBlueprint router = experts.Router(ExpertGating.Softmax, normalize);
        return transformer.Build(layer => new LayerBlueprint([
            new BranchBlueprint(transformer.Attention(layer, rotary) with
            {
                QueryNorm = transformer.HeadNorm("attn_q_norm", wholeVector),
                KeyNorm = transformer.HeadNorm("attn_k_norm", wholeVector),
                Bidirectional = bidirectional,
            }),
            experts.Branch(layer, router),
        ]));
    }
}
