namespace Harness.Engine.Weights;

/// <summary>A model's tensors, bound to the places where the decoder uses them.</summary>
internal sealed unsafe class ModelWeights
{
    public required WeightMatrix TokenEmbedding { get; init; }

    public required float* OutputNorm { get; init; }

    public required Projection Output { get; init; }

    /// <summary>One divisor for each rotated pair, or null.</summary>
    public required float* RotaryFactors { get; init; }

    public required LayerWeights[] Layers { get; init; }
}

/// <summary>One layer's tensors.</summary>
internal sealed unsafe class LayerWeights
{
    public required float* AttentionNorm { get; init; }

    /// <summary>Query, key and value in one; null when they are apart.</summary>
    public required Projection? FusedQkv { get; init; }

    public required Projection? Query { get; init; }

    public required Projection? Key { get; init; }

    public required Projection? Value { get; init; }

    public required Projection AttentionOutput { get; init; }

    public required float* FeedForwardNorm { get; init; }

    public required Projection Gate { get; init; }

    public required Projection Up { get; init; }

    public required Projection Down { get; init; }
}
