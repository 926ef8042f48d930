using Harness.Engine.Blueprints;

namespace Harness.Engine.Architectures;

/// <summary>Models of Mamba blocks alone: Mamba, Falcon-Mamba, Mamba-2.</summary>
internal static class Mamba
{
    public static Blueprint Read(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        var states = new StateSpaceHeader(transformer);
        NormBlueprint? mixNorm = header.Flag("ssm.dt_b_c_rms") ? transformer.RmsNorm(null) : null;
        return transformer.Build(_ => LayerBlueprint.Sequential(states.SelectiveScan(mixNorm)));
    }

    public static Blueprint ReadMamba2(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        var states = new StateSpaceHeader(transformer);
        return transformer.Build(_ => LayerBlueprint.Sequential(states.Mamba2(groupNorm: true)));
    }
}
