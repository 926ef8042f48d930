using Harness.Engine.Blueprints;

namespace Harness.Engine.Architectures;

/// <summary>
/// Jamba: layers of Mamba, with norms of time steps, B and C, or of attention without positions;
/// some layers have experts.
/// </summary>
internal static class Jamba
{
    public static Blueprint Read(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        var states = new StateSpaceHeader(transformer);
        NormBlueprint mixNorm = transformer.RmsNorm("ssm_dt_norm");
        Func<int, BranchBlueprint> feedForward = ExpertsHeader.Branches(
            transformer, experts => experts.StatedRouter(ExpertGating.Softmax) with { Gating = ExpertGating.Softmax, NormalizeWeights = false });
        return transformer.Build(layer => new LayerBlueprint(
        [
            new BranchBlueprint(transformer.KeyValueHeads(layer) == 0
                ? states.SelectiveScan(mixNorm)
                : transformer.Attention(layer, rotary: null) with { OutputBias = false }),
            feedForward(layer),
        ]));
    }
}
