using Harness.Engine.Blocks;
using Harness.Engine.Weights;

namespace Harness.Engine.Blueprints;

/// <summary>
/// Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434, section 2.1): keys and values of all heads come from one
/// short vector a position, and beside it all heads share one small key that alone is rotated.
/// </summary>
public sealed record LatentAttentionBlueprint : BlockBlueprint
{
    /// <summary>Heads.</summary>
    public required int HeadCount { get; init; }

    /// <summary>Width of the vector that queries come from; 0 where they come from the block's input.</summary>
    public int QueryRank { get; init; }

    /// <summary>Width of the vector that keys and values come from.</summary>
    public required int LatentRank { get; init; }

    /// <summary>Width of a head's query and key, of which the last <see cref="RotatedLength"/> values are rotated.</summary>
    public required int KeyLength { get; init; }

    /// <summary>Width of the rotated part.</summary>
    public required int RotatedLength { get; init; }

    /// <summary>Width of a head's value.</summary>
    public required int ValueLength { get; init; }

    /// <summary>
    /// The matrices that lead from the latent vector to keys and to values are stored head by head
    /// (<c>attn_k_b</c>, <c>attn_v_b</c>). Then they are applied to queries and to what is attended to: the latent vectors
    /// are keys and values themselves, one for all heads (section 2.1.2). Else (<c>attn_kv_b</c>) keys and values are made
    /// and kept for each head.
    /// </summary>
    public required bool Absorbed { get; init; }

    /// <summary>Scores are multiplied by this before the softmax.</summary>
    public required float Scale { get; init; }

    /// <summary>The rotation; null where the layer has none.</summary>
    public required RotaryBlueprint? Rotary { get; init; }

    /// <summary>Queries are multiplied by a factor that grows with the position.</summary>
    public AttentionTemperature? Temperature { get; init; }

    /// <summary>Which earlier positions a position sees.</summary>
    public AttentionWindow? Window { get; init; }

    /// <summary>Which of those it sees; only with a <see cref="QueryRank"/>.</summary>
    public IndexerBlueprint? Indexer { get; init; }

    /// <summary>The rotated key is normalised before it is rotated (<c>attn_k_norm</c>).</summary>
    public bool KeyNorm { get; init; }

    /// <summary>What the heads yield is multiplied by a gate (<c>attn_gate</c>) before the output projection.</summary>
    public AttentionGate? Gate { get; init; }

    /// <summary>Each head has a learned score that takes part in the softmax and has no value (<c>attn_sinks.weight</c>).</summary>
    public bool Sinks { get; init; }

    /// <summary>ε of the norms of the two short vectors.</summary>
    public required float NormEpsilon { get; init; }

    /// <summary>Width of the part of a head's query and key that is not rotated.</summary>
    public int PlainLength => KeyLength - RotatedLength;

    /// <inheritdoc/>
    public override long StateBytes(int positions, KvCacheType cacheType) =>
        KeyBytes(positions, cacheType) + (Indexer is null ? 0 : PositionIndexer.BytesFor(Indexer, positions, cacheType));

    /// <summary>Bytes of keys and values alone.</summary>
    internal long KeyBytes(int positions, KvCacheType cacheType) => Absorbed
        ? KeyValueStore.BytesFor(1, LatentRank + RotatedLength, 0, positions, cacheType)
        : KeyValueStore.BytesFor(HeadCount, KeyLength, ValueLength, positions, cacheType);

    internal override IEnumerable<RotaryBlueprint> Rotaries =>
        [.. Rotary is null ? (RotaryBlueprint[])[] : [Rotary], .. Indexer is null ? (RotaryBlueprint[])[] : [Indexer.Rotary]];

    internal override BlockWeights Bind(LayerBinder binder) => LatentAttentionWeights.Bind(this, binder);

    internal override void Describe(FeatureList features)
    {
        features.Add("attention", "mla");
        features.Add("heads", HeadCount);
        features.Add("kv-heads", Absorbed ? 1 : HeadCount);
        features.Add("gqa-ratio", Absorbed ? HeadCount : 1);
        features.Add("key-length", KeyLength);
        features.Add("value-length", ValueLength);
        features.Add("query-rank", QueryRank);
        features.Add("latent-rank", LatentRank);
        features.Add("latent-form", Absorbed ? "absorbed" : "whole");
        features.Add("attention-window", Window is null ? "none" : Window.Name);
        Indexer?.Describe(features);
        features.AddUnless(!KeyNorm, "rotated-key-norm", "rms");
        features.AddUnless(Gate is null, "attention-gate", Gate?.Name);
        features.AddUnless(!Sinks, "attention-sinks", "yes");
        features.AddUnless(Temperature is null, "attention-temperature", "by position");
        features.Add("position", Rotary?.KindName ?? "none");
        Rotary?.Describe(features);
    }
}
