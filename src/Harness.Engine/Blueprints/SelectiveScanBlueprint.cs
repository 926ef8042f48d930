using Harness.Engine.Kernels;
using Harness.Engine.Weights;

namespace Harness.Engine.Blueprints;

/// <summary>
/// Mamba's block (Gu and Dao, 2023): a short convolution, then a state of <see cref="StateLength"/> values for each channel
/// whose decay, input and output depend on the token.
/// </summary>
public sealed record SelectiveScanBlueprint : BlockBlueprint
{
    /// <summary>Channels.</summary>
    public required int Inner { get; init; }

    /// <summary>Values of state a channel.</summary>
    public required int StateLength { get; init; }

    /// <summary>Width from which the channels' time steps are projected.</summary>
    public required int TimeStepRank { get; init; }

    /// <summary>Taps of the convolution.</summary>
    public required int Taps { get; init; }

    /// <summary>Time steps, B and C are normalised (RMS): Falcon-Mamba without weights, Jamba with them.</summary>
    public NormBlueprint? MixNorm { get; init; }

    /// <inheritdoc/>
    public override bool Recurrent => true;

    /// <inheritdoc/>
    public override long StateBytes(int positions, KvCacheType cacheType) =>
        sizeof(float) * (ConvolutionJob.HistoryFloats(Inner, Taps) + ((long)StateLength * MatrixKernels.Pad(Inner)));

    internal override BlockWeights Bind(LayerBinder binder) => SelectiveScanWeights.Bind(this, binder);

    internal override void Describe(FeatureList features)
    {
        features.Add("recurrence", "mamba");
        features.Add("ssm-inner", Inner);
        features.Add("ssm-state", StateLength);
        features.Add("ssm-time-step-rank", TimeStepRank);
        features.Add("convolution-taps", Taps);
        features.AddUnless(MixNorm is null, "ssm-mix-norm", MixNorm?.Name);
    }
}
