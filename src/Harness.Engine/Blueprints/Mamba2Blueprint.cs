using Harness.Engine.Kernels;
using Harness.Engine.Weights;

namespace Harness.Engine.Blueprints;

/// <summary>
/// Mamba-2's block (Dao and Gu, 2024): heads that each hold a matrix, <see cref="StateLength"/> × <see cref="HeadLength"/>,
/// with one decay a head.
/// </summary>
public sealed record Mamba2Blueprint : BlockBlueprint
{
    /// <summary>Heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Width of a head.</summary>
    public required int HeadLength { get; init; }

    /// <summary>Groups of consecutive heads that share B and C; divides <see cref="Heads"/>.</summary>
    public required int Groups { get; init; }

    /// <summary>Length of B and C.</summary>
    public required int StateLength { get; init; }

    /// <summary>Taps of the convolution.</summary>
    public required int Taps { get; init; }

    /// <summary>Normalises each group of the gated output.</summary>
    public NormBlueprint? GroupNorm { get; init; }

    /// <summary>
    /// PLaMo 2's form, 0 for the published one: B, C and time steps come from the convolved input by a second projection,
    /// time steps through this rank, and are normalised by <see cref="MixNorm"/>.
    /// </summary>
    public int TimeStepRank { get; init; }

    /// <summary>The norm of B, C and time steps where they come from the convolved input.</summary>
    public NormBlueprint? MixNorm { get; init; }

    /// <summary>Width of all heads.</summary>
    public int Inner => Heads * HeadLength;

    /// <summary>Width of what is convolved.</summary>
    public int Channels => TimeStepRank > 0 ? Inner : Inner + (2 * Groups * StateLength);

    /// <inheritdoc/>
    public override bool Recurrent => true;

    /// <inheritdoc/>
    public override long StateBytes(int positions, KvCacheType cacheType) =>
        sizeof(float) * (ConvolutionJob.HistoryFloats(Channels, Taps) + ((long)Heads * StateLength * MatrixKernels.Pad(HeadLength)));

    internal override BlockWeights Bind(LayerBinder binder) => Mamba2Weights.Bind(this, binder);

    internal override void Describe(FeatureList features)
    {
        features.Add("recurrence", "mamba-2");
        features.Add("ssm-heads", Heads);
        features.Add("ssm-head-length", HeadLength);
        features.Add("ssm-groups", Groups);
        features.Add("ssm-state", StateLength);
        features.Add("convolution-taps", Taps);
        features.AddUnless(GroupNorm is null, "ssm-group-norm", GroupNorm?.Name);
        features.AddUnless(TimeStepRank == 0, "ssm-time-step-rank", TimeStepRank);
        features.AddUnless(MixNorm is null, "ssm-mix-norm", MixNorm?.Name);
    }
}
