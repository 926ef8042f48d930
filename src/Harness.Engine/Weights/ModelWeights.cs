namespace Harness.Engine.Weights;

/// <summary>A model's tensors, bound to the places where the decoder uses them.</summary>
internal sealed unsafe class ModelWeights
{
    public required WeightMatrix TokenEmbedding { get; init; }

    /// <summary>A row for each position, or null.</summary>
    public required WeightMatrix? PositionEmbedding { get; init; }

    public required Norm? EmbeddingNorm { get; init; }

    /// <summary>Sums several residual streams after the last layer; null where there is one.</summary>
    public required HyperConnectionWeights? HyperHead { get; init; }

    /// <summary>With what the low stream begins; null where there is one stream.</summary>
    public required float* LowStream { get; init; }

    /// <summary>How streams beside the residual stream begin and end; null where there are none.</summary>
    public required AltUpWeights? AltUp { get; init; }

    public required Norm OutputNorm { get; init; }

    public required Projection Output { get; init; }

    /// <summary>Tensors of divisors of rotary frequencies by name.</summary>
    public required IReadOnlyDictionary<string, nint> RotaryFactors { get; init; }

    public required LayerWeights[] Layers { get; init; }

    /// <summary>Every matrix, once for those of a tensor of three dimensions.</summary>
    public required IReadOnlyList<WeightMatrix> Matrices { get; init; }

    /// <summary>Every matrix that activations are multiplied with.</summary>
    public required IReadOnlyCollection<WeightMatrix> Multiplied { get; init; }
}
