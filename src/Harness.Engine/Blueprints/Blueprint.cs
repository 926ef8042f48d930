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

    /// <summary>The embedding matrix: <c>output.weight</c> where a file holds the output head alone, and it serves as both.</summary>
    public string EmbeddingTensor { get; init; } = "token_embd.weight";

    /// <summary>Positions the model was trained for.</summary>
    public required int ContextLength { get; init; }

    /// <summary>What happens to a token's row of the embedding matrix before the first layer.</summary>
    public EmbeddingBlueprint Embedding { get; init; } = new();

    /// <summary>The layers, first to last; they may differ in everything but the width of the residual stream.</summary>
    public required ImmutableArray<LayerBlueprint> Layers { get; init; }

    /// <summary>How several residual streams are summed after the last layer; null where there is one.</summary>
    public HyperConnectionBlueprint? HyperHead { get; init; }

    /// <summary>The norm before the output head.</summary>
    public required NormBlueprint OutputNorm { get; init; }

    /// <summary>The output head is the embedding matrix.</summary>
    public required bool TiedOutput { get; init; }

    /// <summary>The output head adds a bias.</summary>
    public bool OutputBias { get; init; }

    /// <summary>Logits are multiplied by this.</summary>
    public float LogitScale { get; init; } = 1;

    /// <summary>After the scale, logits become <c>cap × tanh(logit / cap)</c>; 0 for no cap.</summary>
    public float LogitSoftCap { get; init; }

    /// <summary>Tokens from this id on are never predicted: their logits are −∞.</summary>
    public int TokensPredicted { get; init; } = int.MaxValue;

    /// <summary>
    /// Positions up to which this blueprint is the model; 0 for all. Beyond them the model does something that is not in
    /// the blueprint, so a context ends there.
    /// </summary>
    public int LongestContext { get; init; }

    /// <summary>Weights that take part in a token's evaluation, where experts are many and few are used; 0 for all.</summary>
    public long ActiveParameters { get; init; }

    /// <summary>Beginnings of the names of tensors that the file may hold and the text model does not use.</summary>
    public ImmutableArray<string> UnusedTensors { get; init; } = [];

    /// <summary>Some block carries a state from token to token that cannot be taken back to an earlier position.</summary>
    public bool Recurrent => Layers.Any(l => l.Blocks.Any(b => b.Recurrent));

    /// <summary>What this blueprint says, as name and value, for inspection and receipts.</summary>
    /// <returns>The features, in a fixed order.</returns>
    public IReadOnlyList<Feature> Describe() => BlueprintFeatures.Of(this);
}

/// <summary>From a row of the embedding matrix to the residual stream: scaled, a position added, normalised.</summary>
public sealed record EmbeddingBlueprint
{
    /// <summary>The row is multiplied by this.</summary>
    public float Scale { get; init; } = 1;

    /// <summary>A learned row of <c>position_embd.weight</c> is added; a context cannot be longer than this many rows. 0 for none.</summary>
    public int LearnedPositions { get; init; }

    /// <summary>A norm after that.</summary>
    public NormBlueprint? Norm { get; init; }

    /// <summary>The tensor with which the low of two streams begins, the high one beginning with all this; null for one stream.</summary>
    public string? LowStreamTensor { get; init; }
}
