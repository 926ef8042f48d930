using System.Collections.Immutable;

namespace Harness.Formats.Safetensors;

/// <summary>Where a tensor lies and what it is; its bytes come from <see cref="SafetensorsModel"/>.</summary>
public sealed record SafetensorsTensor
{
    internal SafetensorsTensor(string name, SafetensorsType type, ImmutableArray<long> shape, long elementCount)
    {
        Name = name;
        Type = type;
        Shape = shape;
        ElementCount = elementCount;
    }

    /// <summary>The name: <c>model.layers.0.self_attn.q_proj.weight</c>.</summary>
    public string Name { get; }

    /// <summary>The type of its values.</summary>
    public SafetensorsType Type { get; }

    /// <summary>
    /// No length for a single value, else one or more; the last is the dimension that lies together in memory: a weight that
    /// maps 512 values to 1280 is [1280, 512].
    /// </summary>
    public ImmutableArray<long> Shape { get; }

    /// <summary>The product of <see cref="Shape"/>; may be 0.</summary>
    public long ElementCount { get; }

    /// <summary>Stored bytes.</summary>
    public long ByteLength { get; internal init; }

    /// <summary>Byte offset of the first byte, from the start of its file.</summary>
    public long Offset { get; internal init; }

    /// <summary>Which file holds it: an index into <see cref="SafetensorsModel.Paths"/>.</summary>
    public int Shard { get; internal init; }

    /// <summary>The shape as people write it: <c>[1280, 512]</c>.</summary>
    public string ShapeText => $"[{string.Join(", ", Shape)}]";
}
