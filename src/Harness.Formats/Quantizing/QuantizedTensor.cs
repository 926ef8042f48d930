using System.Collections.Immutable;

namespace Harness.Formats.Quantizing;

/// <summary>One tensor of a plan.</summary>
/// <param name="Name">Its GGUF name.</param>
/// <param name="Shape">Row length first.</param>
/// <param name="From">The type's name in the source.</param>
/// <param name="To">The type's name in the target; the same when the tensor is copied.</param>
/// <param name="FromBytes">Bytes in the source.</param>
/// <param name="ToBytes">Bytes in the target.</param>
public sealed record QuantizedTensor(string Name, ImmutableArray<long> Shape, string From, string To, long FromBytes, long ToBytes)
{
    /// <summary>Values.</summary>
    public long Values => Shape.Aggregate(1L, (product, length) => product * length);
}

/// <summary>What quantizing a model will do, or did.</summary>
/// <param name="Quantization">The quantization's name.</param>
/// <param name="Tensors">All tensors, in the order of the source.</param>
public sealed record QuantizationPlan(string Quantization, ImmutableArray<QuantizedTensor> Tensors)
{
    /// <summary>Bytes of all tensors in the source.</summary>
    public long FromBytes => Tensors.Sum(t => t.FromBytes);

    /// <summary>Bytes of all tensors in the target.</summary>
    public long ToBytes => Tensors.Sum(t => t.ToBytes);

    /// <summary>Stored bits a value in the target, all tensors together.</summary>
    public double BitsPerWeight => Tensors.IsEmpty ? 0 : 8.0 * ToBytes / Tensors.Sum(t => t.Values);
}
