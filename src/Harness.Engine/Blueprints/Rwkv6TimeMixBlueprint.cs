using Harness.Engine.Kernels;
using Harness.Engine.Weights;

namespace Harness.Engine.Blueprints;

/// <summary>
/// RWKV 6's time mix (Peng et al., 2024): each input is mixed with the token before it, by an amount that depends on both;
/// each head holds a matrix with one decay a key channel. Without the bonus of the present token it is the gated linear
/// attention that QRWKV put into Qwen 2.
/// </summary>
public sealed record Rwkv6TimeMixBlueprint : BlockBlueprint
{
    /// <summary>Width of the residual stream and of all heads.</summary>
    public required int Width { get; init; }

    /// <summary>Width of a head; divides <see cref="Width"/>.</summary>
    public required int HeadLength { get; init; }

    /// <summary>Heads of keys and values; consecutive heads share them.</summary>
    public required int KeyValueHeads { get; init; }

    /// <summary>Rank of the mixing amounts.</summary>
    public required int MixRank { get; init; }

    /// <summary>Rank of the decay.</summary>
    public required int DecayRank { get; init; }

    /// <summary>
    /// There is a bonus for the present token, heads are normalised and the gate is SiLU; else the gate is a sigmoid and
    /// keys are scaled by what decays.
    /// </summary>
    public required bool Bonus { get; init; }

    /// <summary>Heads.</summary>
    public int Heads => Width / HeadLength;

    /// <inheritdoc/>
    public override bool Recurrent => true;

    /// <inheritdoc/>
    public override long StateBytes(int positions, KvCacheType cacheType) =>
        sizeof(float) * (MatrixKernels.Pad(Width) + ((long)Width * MatrixKernels.Pad(HeadLength)));

    internal override BlockWeights Bind(LayerBinder binder) => Rwkv6TimeMixWeights.Bind(this, binder);

    internal override void Describe(FeatureList features)
    {
        features.Add("recurrence", Bonus ? "rwkv-6" : "gated-linear-attention");
        features.Add("wkv-heads", Heads);
        features.Add("wkv-key-value-heads", KeyValueHeads);
        features.Add("wkv-head-length", HeadLength);
        features.Add("wkv-mix-rank", MixRank);
        features.Add("wkv-decay-rank", DecayRank);
    }
}
