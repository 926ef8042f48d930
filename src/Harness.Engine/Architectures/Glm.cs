using Harness.Engine.Blueprints;

namespace Harness.Engine.Architectures;

/// <summary>Z.ai's GLM, dense: gate and up in one matrix, part of each head rotated, biases on query, key and value.</summary>
internal static class Glm
{
    /// <summary>ChatGLM 3 and GLM 4 9B.</summary>
    public static Blueprint ReadChat(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.Norm) with { FactorsTensor = null };
        return transformer.Build(layer => LayerBlueprint.Sequential(
            transformer.Attention(layer, rotary) with { OutputBias = false }, FeedForward(transformer, layer)));
    }

    /// <summary>GLM 4 0414: norms on both sides of each block.</summary>
    public static Blueprint Read4(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        RotaryBlueprint rotary = transformer.SectionedRotary(RotaryKind.Norm) with { FactorsTensor = null };

        // The models that see have a sectioned rotation, and that is of halves.
        if (rotary.Sections.Any(s => s > 0))
            rotary = rotary with { Kind = RotaryKind.NeoX };
        return transformer.Build(layer => new LayerBlueprint(
        [
            new BranchBlueprint(transformer.Attention(layer, rotary) with { OutputBias = false }) { PostNorm = transformer.RmsNorm("post_attention_norm") },
            new BranchBlueprint(FeedForward(transformer, layer)) { PostNorm = transformer.RmsNorm("post_ffw_norm") },
        ]));
    }

    private static FeedForwardBlueprint FeedForward(TransformerHeader transformer, int layer) =>
        transformer.FeedForward(layer) with { Gate = FeedForwardGate.FirstHalfOfUp, Bias = false };
}
