using System.Collections.Immutable;

namespace Harness.Engine.Blueprints;

/// <summary>
/// A decoder's architecture as a list of choices, read from a model's header. One decoder executes every blueprint; an
/// architecture is an entry in <see cref="Architectures.ArchitectureTable"/> that fills one in.
/// </summary>
public sealed record Blueprint
{
    /// <summary>The architecture's name in GGUF files: <c>llama</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>Tokens: rows of the embedding matrix and logits of a position.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int EmbeddingLength { get; init; }

    /// <summary>Positions the model was trained for.</summary>
    public required int ContextLength { get; init; }

    /// <summary>The norm before attention, before the feed-forward and before the output head.</summary>
    public required NormBlueprint Norm { get; init; }

    /// <summary>The layers, first to last; they may differ in head counts and widths.</summary>
    public required ImmutableArray<LayerBlueprint> Layers { get; init; }

    /// <summary>The output head is the embedding matrix.</summary>
    public required bool TiedOutput { get; init; }

    /// <summary>The output head adds a bias.</summary>
    public bool OutputBias { get; init; }

    /// <summary>What this blueprint says, as name and value, for inspection and receipts.</summary>
    /// <returns>The features, in a fixed order.</returns>
    public IReadOnlyList<Feature> Describe() => BlueprintFeatures.Of(this);
}

/// <summary>One layer: attention, then feed-forward, each added to the residual stream.</summary>
/// <param name="Attention">The attention block.</param>
/// <param name="FeedForward">The feed-forward block.</param>
public sealed record LayerBlueprint(AttentionBlueprint Attention, FeedForwardBlueprint FeedForward);

/// <summary>How activations are normalised.</summary>
public enum NormKind
{
    /// <summary>x / sqrt(mean(x²) + ε) × w (Zhang and Sennrich, 2019).</summary>
    Rms,
}

/// <summary>A norm.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Epsilon">Added under the root.</param>
public sealed record NormBlueprint(NormKind Kind, float Epsilon);
