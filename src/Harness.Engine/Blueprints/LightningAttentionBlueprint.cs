using Harness.Engine.Blocks;
using Harness.Engine.Weights;

namespace Harness.Engine.Blueprints;

/// <summary>
/// Lightning attention (Qin et al., 2024; MiniMax-01): linear attention whose state decays by a constant of each head.
/// Queries, keys and values come from one matrix, a head's three after one another, through SiLU; what is read is
/// normalised over all heads and gated.
/// </summary>
public sealed record LightningAttentionBlueprint : BlockBlueprint
{
    /// <summary>Heads.</summary>
    public required int HeadCount { get; init; }

    /// <summary>Width of a head's query, key and value.</summary>
    public required int HeadLength { get; init; }

    /// <summary>Multiplies the heads' slopes, <c>2^(−8 (h + 1) / heads)</c>, in the decay <c>e^−slope</c> of a token.</summary>
    public required float SlopeScale { get; init; }

    /// <summary>The norm of what all heads read, as one vector.</summary>
    public required NormBlueprint OutputNorm { get; init; }

    /// <summary>Width of all heads together.</summary>
    public int Width => HeadCount * HeadLength;

    /// <inheritdoc/>
    public override bool Recurrent => true;

    /// <inheritdoc/>
    public override long StateBytes(int positions, KvCacheType cacheType) =>
        sizeof(float) * HeadCount * new HeadState(HeadLength, HeadLength).FloatsPerHead;

    internal override BlockWeights Bind(LayerBinder binder) => new LightningAttentionWeights
    {
        Blueprint = this,
        QueryKeyValue = binder.Project("attn_qkv", 3 * Width, binder.Embedding, bias: false),
        Gate = binder.Project("attn_gate", Width, binder.Embedding, bias: false),
        OutputNorm = binder.Norm(OutputNorm, Width),
        Output = binder.Project("attn_output", binder.Embedding, Width, bias: false),
    };

    internal override void Describe(FeatureList features)
    {
        features.Add("attention", "lightning");
        features.Add("heads", HeadCount);
        features.Add("state", $"{HeadLength} × {HeadLength}");
    }
}
