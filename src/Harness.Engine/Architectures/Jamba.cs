using Harness.Engine.Blueprints;

namespace Harness.Engine.Architectures;

/// <summary>Jamba: layers of Mamba, with norms of time steps, B and C, or of attention without positions.</summary>
internal static class Jamba
{
    public static Blueprint Read(ModelHeader header)
    {
        TransformerHeader.RefuseExperts(header);
        var transformer = new TransformerHeader(header);
        var states = new StateSpaceHeader(transformer);
        NormBlueprint mixNorm = transformer.RmsNorm("ssm_dt_norm");
        return transformer.Build(layer => LayerBlueprint.Sequential(
            transformer.KeyValueHeads(layer) == 0
                ? states.SelectiveScan(mixNorm)
                : transformer.Attention(layer, rotary: null) with { OutputBias = false },
            transformer.FeedForward(layer) with { Bias = false, TensorScales = false }));
    }
}
