using Harness.Engine.Kernels;
using Harness.Engine.Weights;

namespace Harness.Engine.Blueprints;

/// <summary>How much of a delta-net's state remains at each token.</summary>
public enum DeltaDecay
{
    /// <summary>One factor a head: <c>e^(A softplus(a + bias))</c> (Gated DeltaNet; Yang et al., 2024).</summary>
    PerHead,

    /// <summary>One factor a channel of the key: the same of a low-rank projection (Kimi Delta Attention, 2025).</summary>
    PerChannel,

    /// <summary>One factor a channel, no smaller than e^bound: <c>e^(bound × sigmoid(A (a + bias)))</c> (Ling 3).</summary>
    PerChannelBounded,
}

/// <summary>How the projections of a delta-net are stored.</summary>
public enum DeltaProjections
{
    /// <summary><c>attn_qkv</c> and <c>attn_gate</c>.</summary>
    FusedQkv,

    /// <summary><c>ssm_in</c>: query, key, values and gates of each key head together.</summary>
    PerKeyHead,

    /// <summary><c>attn_q</c>, <c>attn_k</c>, <c>attn_v</c>, each with a convolution of its own.</summary>
    Split,
}

/// <summary>
/// Linear attention by the gated delta rule: before a value is stored, what its key recalls is taken away.
/// <c>S = (decay S)(1 − β k kᵀ) + β k vᵀ</c>, <c>o = Sᵀ q / √length</c>, with queries and keys of length 1.
/// </summary>
public sealed record DeltaNetBlueprint : BlockBlueprint
{
    /// <summary>Query and key heads.</summary>
    public required int KeyHeads { get; init; }

    /// <summary>Value heads, a multiple of <see cref="KeyHeads"/>; each has a state.</summary>
    public required int ValueHeads { get; init; }

    /// <summary>Width of every head.</summary>
    public required int HeadLength { get; init; }

    /// <summary>Taps of the convolution.</summary>
    public required int Taps { get; init; }

    /// <summary>Smallest length a query or key is divided by.</summary>
    public required float UnitEpsilon { get; init; }

    /// <summary>Normalises each head's output before it is gated.</summary>
    public required NormBlueprint HeadNorm { get; init; }

    /// <summary>Where the projections are.</summary>
    public DeltaProjections Projections { get; init; }

    /// <summary>Value head h reads key head h mod <see cref="KeyHeads"/>; else consecutive value heads share one.</summary>
    public bool KeyHeadsRepeat { get; init; }

    /// <summary>The decay.</summary>
    public DeltaDecay Decay { get; init; }

    /// <summary>The bound of <see cref="DeltaDecay.PerChannelBounded"/>, negative.</summary>
    public float DecayBound { get; init; }

    /// <summary>What the output's gate goes through: SiLU or sigmoid.</summary>
    public Activation GateActivation { get; init; } = Activation.Silu;

    /// <summary>Width of all keys.</summary>
    public int KeyWidth => KeyHeads * HeadLength;

    /// <summary>Width of all values.</summary>
    public int ValueWidth => ValueHeads * HeadLength;

    /// <summary>Width of what is convolved: queries, keys, values.</summary>
    public int Channels => (2 * KeyWidth) + ValueWidth;

    /// <inheritdoc/>
    public override bool Recurrent => true;

    /// <inheritdoc/>
    public override long StateBytes(int positions, KvCacheType cacheType) =>
        sizeof(float) * (HistoryFloats + ((long)ValueHeads * HeadLength * MatrixKernels.Pad(HeadLength)));

    internal long HistoryFloats => Projections == DeltaProjections.Split
        ? (2 * ConvolutionJob.HistoryFloats(KeyWidth, Taps)) + ConvolutionJob.HistoryFloats(ValueWidth, Taps)
        : ConvolutionJob.HistoryFloats(Channels, Taps);

    internal override BlockWeights Bind(LayerBinder binder) => DeltaNetWeights.Bind(this, binder);

    internal override void Describe(FeatureList features)
    {
        features.Add("recurrence", Decay == DeltaDecay.PerHead ? "gated-delta" : "kimi-delta");
        features.Add("delta-key-heads", KeyHeads);
        features.Add("delta-value-heads", ValueHeads);
        features.Add("delta-head-length", HeadLength);
        features.Add("delta-decay", Decay switch
        {
            DeltaDecay.PerHead => "per head",
            DeltaDecay.PerChannel => "per channel",
            _ => "per channel, bounded",
        });
        features.Add("delta-gate", ActivationNames.Of(GateActivation));
        features.Add("convolution-taps", Taps);
    }
}
