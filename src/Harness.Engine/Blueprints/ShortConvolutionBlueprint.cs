using Harness.Engine.Kernels;
using Harness.Engine.Weights;

namespace Harness.Engine.Blueprints;

/// <summary>
/// LFM2's block: <c>out(c × convolution(b × x))</c>, where b, c and x are projections of the block's input and the
/// convolution is causal and a few tokens long.
/// </summary>
public sealed record ShortConvolutionBlueprint : BlockBlueprint
{
    /// <summary>Channels: the width of the residual stream.</summary>
    public required int Width { get; init; }

    /// <summary>Taps of the convolution.</summary>
    public required int Taps { get; init; }

    /// <inheritdoc/>
    public override bool Recurrent => true;

    /// <inheritdoc/>
    public override long StateBytes(int positions, KvCacheType cacheType) => sizeof(float) * ConvolutionJob.HistoryFloats(Width, Taps);

    internal override BlockWeights Bind(LayerBinder binder) => ShortConvolutionWeights.Bind(this, binder);

    internal override void Describe(FeatureList features)
    {
        features.Add("recurrence", "short-convolution");
        features.Add("convolution-taps", Taps);
    }
}
