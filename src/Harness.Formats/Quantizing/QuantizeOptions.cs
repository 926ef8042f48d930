using System.Collections.Immutable;
using Harness.Formats.Tensors;

namespace Harness.Formats.Quantizing;

/// <summary>How a model is to be quantized.</summary>
public sealed record QuantizeOptions
{
    /// <summary>One of <see cref="ModelQuantizer.Quantizations"/>.</summary>
    public required string Quantization { get; init; }

    /// <summary>Threads, at least 1. The bytes do not depend on it.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>Whether every matrix gets the quantization's base type, without its mixture.</summary>
    public bool Pure { get; init; }

    /// <summary>Whether the output head stays as it is.</summary>
    public bool KeepOutput { get; init; }

    /// <summary>The output head's type; null for the mixture's.</summary>
    public TensorType? OutputType { get; init; }

    /// <summary>The token embedding's type; null for the mixture's.</summary>
    public TensorType? EmbeddingType { get; init; }

    /// <summary>Types of tensors by patterns of their names (<c>*</c>, <c>?</c>); the first that matches decides.</summary>
    public ImmutableArray<(string Pattern, TensorType Type)> Tensors { get; init; } = [];

    /// <summary>How much each column's error counts; null for no importance matrix.</summary>
    public ImportanceMatrix? Importance { get; init; }

    /// <summary>Whether what is quantized already may be quantized again, which loses more than quantizing once.</summary>
    public bool AllowRequantize { get; init; }
}
