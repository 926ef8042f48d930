using Harness.Engine.Kernels;
using Harness.Engine.Weights;

namespace Harness.Engine.Blueprints;

/// <summary>RWKV's feed-forward: the input mixed with the token before it, then <c>value(max(key(x), 0)²)</c>.</summary>
public sealed record RwkvChannelMixBlueprint : BlockBlueprint
{
    /// <summary>Width of the residual stream.</summary>
    public required int Width { get; init; }

    /// <summary>Its inner width.</summary>
    public required int Length { get; init; }

    /// <summary>The output is multiplied by <c>sigmoid(receptance(x))</c> (RWKV 6).</summary>
    public required bool Receptance { get; init; }

    /// <inheritdoc/>
    public override bool Recurrent => true;

    /// <inheritdoc/>
    public override long StateBytes(int positions, KvCacheType cacheType) => sizeof(float) * (long)MatrixKernels.Pad(Width);

    internal override BlockWeights Bind(LayerBinder binder) => RwkvChannelMixWeights.Bind(this, binder);

    internal override void Describe(FeatureList features)
    {
        features.Add("feed-forward", Receptance ? "channel-mix with receptance" : "channel-mix");
        features.Add("feed-forward-length", Length);
    }
}
