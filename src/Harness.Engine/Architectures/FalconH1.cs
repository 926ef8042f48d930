using Harness.Engine.Blueprints;

namespace Harness.Engine.Architectures;

/// <summary>Falcon-H1: in each layer attention and Mamba-2 read the same norm and are summed, then a SwiGLU.</summary>
internal static class FalconH1
{
    public static Blueprint Read(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        var states = new StateSpaceHeader(transformer);

        // The family's graph has neither.
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.NeoX) with { FactorsTensor = null };
        float scale = header.Single("attention.scale", 0);
        Blueprint blueprint = transformer.Build(layer =>
        {
            AttentionBlueprint attention = transformer.Attention(layer, rotary) with { OutputBias = false };
            if (scale != 0)
                attention = attention with { Scale = scale };
            return new LayerBlueprint(
            [
                new BranchBlueprint([attention, states.Mamba2(groupNorm: transformer.Has(layer, "ssm_norm.weight"))]),
                new BranchBlueprint(transformer.FeedForward(layer) with { TensorScales = false }),
            ]);
        });
        return transformer.Without(blueprint, "rope_freqs.", "blk.*.attn_output.bias");
    }
}
