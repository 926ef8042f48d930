using Harness.Engine.Kernels;
using Harness.Engine.Weights;

namespace Harness.Engine.Blueprints;

/// <summary>
/// RWKV 7's time mix (Peng et al., 2025): a delta rule with a learning rate and a decay for each channel; values are mixed
/// with those of the first layer.
/// </summary>
public sealed record Rwkv7TimeMixBlueprint : BlockBlueprint
{
    /// <summary>Width of the residual stream and of all heads.</summary>
    public required int Width { get; init; }

    /// <summary>Width of a head; divides <see cref="Width"/>.</summary>
    public required int HeadLength { get; init; }

    /// <summary>Rank of the decay.</summary>
    public required int DecayRank { get; init; }

    /// <summary>Rank of the learning rate in context.</summary>
    public required int RateRank { get; init; }

    /// <summary>Rank of the mix with the first layer's values.</summary>
    public required int ValueRank { get; init; }

    /// <summary>Rank of the gate; 0 for none.</summary>
    public required int GateRank { get; init; }

    /// <summary>The heads' outputs are normalised, each by itself.</summary>
    public required bool HeadNorm { get; init; }

    /// <summary>This is the first layer, whose values later ones read.</summary>
    public required bool First { get; init; }

    /// <summary>Heads.</summary>
    public int Heads => Width / HeadLength;

    /// <inheritdoc/>
    public override bool Recurrent => true;

    /// <inheritdoc/>
    public override long StateBytes(int positions, KvCacheType cacheType) =>
        sizeof(float) * (MatrixKernels.Pad(Width) + ((long)Width * MatrixKernels.Pad(HeadLength)));

    internal override BlockWeights Bind(LayerBinder binder) => Rwkv7TimeMixWeights.Bind(this, binder);

    internal override void Describe(FeatureList features)
    {
        features.Add("recurrence", "rwkv-7");
        features.Add("wkv-heads", Heads);
        features.Add("wkv-head-length", HeadLength);
        features.Add("wkv-decay-rank", DecayRank);
        features.Add("wkv-rate-rank", RateRank);
        features.Add("wkv-value-rank", ValueRank);
        features.Add("wkv-gate-rank", GateRank);
    }
}
