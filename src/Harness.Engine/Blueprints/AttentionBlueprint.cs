namespace Harness.Engine.Blueprints;

/// <summary>
/// Causal attention with grouped queries (Ainslie et al., 2023): <see cref="HeadCount"/> query heads share
/// <see cref="KeyValueHeadCount"/> key and value heads, in consecutive groups.
/// </summary>
public sealed record AttentionBlueprint
{
    /// <summary>Query heads.</summary>
    public required int HeadCount { get; init; }

    /// <summary>Key and value heads; divides <see cref="HeadCount"/>.</summary>
    public required int KeyValueHeadCount { get; init; }

    /// <summary>Width of a query and of a key head.</summary>
    public required int KeyLength { get; init; }

    /// <summary>Width of a value head.</summary>
    public required int ValueLength { get; init; }

    /// <summary>Query, key and value come from one matrix, in this order.</summary>
    public bool FusedQkv { get; init; }

    /// <summary>Query, key or value projections add a bias.</summary>
    public bool QkvBias { get; init; }

    /// <summary>The output projection adds a bias.</summary>
    public bool OutputBias { get; init; }

    /// <summary>Scores are multiplied by this before the softmax.</summary>
    public required float Scale { get; init; }

    /// <summary>Rotary position embedding of queries and keys.</summary>
    public required RotaryBlueprint Rotary { get; init; }

    /// <summary>Width of all query heads together.</summary>
    public int QueryWidth => HeadCount * KeyLength;

    /// <summary>Width of all key heads together.</summary>
    public int KeyWidth => KeyValueHeadCount * KeyLength;

    /// <summary>Width of all value heads together.</summary>
    public int ValueWidth => KeyValueHeadCount * ValueLength;

    /// <summary>Width of what attention yields: one value head for each query head.</summary>
    public int OutputWidth => HeadCount * ValueLength;
}
