using System.Collections.Immutable;
using System.Globalization;
using Harness.Formats.Tensors;

namespace Harness.Formats.Gguf;

/// <summary>Where a tensor lies and what it is; its bytes come from <see cref="GgufFile"/>.</summary>
public sealed record GgufTensor
{
    internal GgufTensor(string name, uint typeNumber, ImmutableArray<long> shape)
    {
        Name = name;
        TypeNumber = typeNumber;
        Shape = shape;
        ElementCount = 1;
        foreach (long n in shape)
            ElementCount *= n;
    }

    /// <summary>The name: <c>blk.0.attn_q.weight</c>.</summary>
    public string Name { get; }

    /// <summary>The type's number as stored, known to the harness or not.</summary>
    public uint TypeNumber { get; }

    /// <summary>The type, or null when the harness cannot decode it.</summary>
    public TensorType? Type => TensorLayout.TryGet(TypeNumber, out _) && Enum.IsDefined((TensorType)TypeNumber) ? (TensorType)TypeNumber : null;

    /// <summary>The type's name, also of types the harness cannot decode: <c>IQ4_XS</c>, <c>type 99</c>.</summary>
    public string TypeName => TensorLayout.TryGet(TypeNumber, out TensorLayoutInfo layout)
        ? layout.Name
        : $"type {TypeNumber.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>
    /// One to four lengths, the row length (ne[0], the dimension that lies together in memory) first: a weight that
    /// maps 512 values to 1280 is [512, 1280].
    /// </summary>
    public ImmutableArray<long> Shape { get; }

    /// <summary>The product of <see cref="Shape"/>.</summary>
    public long ElementCount { get; }

    /// <summary>Values in a row: <c>Shape[0]</c>.</summary>
    public long RowLength => Shape[0];

    /// <summary>How many rows there are: the product of the lengths after the first.</summary>
    public long RowCount => ElementCount / Shape[0];

    /// <summary>
    /// Stored bytes, without padding. Of a type of unknown block size: the room until the next tensor or the end of
    /// the file, which is an upper bound.
    /// </summary>
    public long ByteLength { get; internal init; }

    /// <summary>Stored bytes of one row.</summary>
    public long RowBytes => ByteLength / RowCount;

    /// <summary>Which shard holds it: an index into <see cref="GgufFile.Shards"/>; 0 in a file that is not split.</summary>
    public int Shard { get; internal init; }

    /// <summary>Byte offset of the first byte, from the start of its shard's file.</summary>
    public long Offset { get; internal init; }
}
