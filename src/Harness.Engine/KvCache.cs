using Harness.Engine.Blueprints;
using Harness.Engine.Compute;
using Harness.Engine.Kernels;

namespace Harness.Engine;

/// <summary>What the key/value cache stores.</summary>
public enum KvCacheType
{
    /// <summary>binary16, as other engines do by default.</summary>
    F16,

    /// <summary>binary32.</summary>
    F32,
}

/// <summary>
/// Keys and values of all positions so far. A layer holds, for each key/value head, its positions in a row, so that
/// attention reads memory straight ahead; head rows are zero-padded to whole registers.
/// </summary>
internal sealed unsafe class KvCache : IDisposable
{
    private readonly NativeBuffer buffer;
    private readonly Layer[] layers;

    public KvCache(Blueprint blueprint, int positions, KvCacheType type)
    {
        Positions = positions;
        Type = type;
        buffer = NativeBuffer.Allocate(BytesFor(blueprint, positions, type));
        byte* next = buffer.As<byte>();
        layers = new Layer[blueprint.Layers.Length];
        for (int i = 0; i < layers.Length; i++)
        {
            AttentionBlueprint attention = blueprint.Layers[i].Attention;
            layers[i] = new Layer(next, KeyBytes(attention, type), ValueBytes(attention, type));
            next += (layers[i].KeyRowBytes + layers[i].ValueRowBytes) * positions * attention.KeyValueHeadCount;
            layers[i].Values = layers[i].Keys + (layers[i].KeyRowBytes * positions * attention.KeyValueHeadCount);
        }
    }

    /// <summary>Positions there is room for.</summary>
    public int Positions { get; }

    /// <summary>How they are stored.</summary>
    public KvCacheType Type { get; }

    /// <summary>Bytes of a cache.</summary>
    public static long BytesFor(Blueprint blueprint, int positions, KvCacheType type) => blueprint.Layers.Sum(
        layer => (KeyBytes(layer.Attention, type) + ValueBytes(layer.Attention, type))
            * layer.Attention.KeyValueHeadCount * positions);

    /// <summary>The stored key of a position.</summary>
    public byte* Key(int layer, int head, int position) =>
        layers[layer].Keys + (layers[layer].KeyRowBytes * (((long)head * Positions) + position));

    /// <summary>The stored value of a position.</summary>
    public byte* Value(int layer, int head, int position) =>
        layers[layer].Values + (layers[layer].ValueRowBytes * (((long)head * Positions) + position));

    /// <summary>Stores one head's key or value.</summary>
    public void Store(float* source, int length, byte* row)
    {
        if (Type == KvCacheType.F32)
        {
            new ReadOnlySpan<float>(source, length).CopyTo(new Span<float>(row, length));
            return;
        }

        var halves = (Half*)row;
        for (int i = 0; i < length; i++)
            halves[i] = (Half)source[i];
    }

    /// <summary>The values of a stored row, zero-padded: where they lie, or unpacked into scratch.</summary>
    public float* Load(byte* row, int length, float* scratch, IPrimitives primitives)
    {
        if (Type == KvCacheType.F32)
            return (float*)row;

        primitives.WidenHalves((Half*)row, MatrixKernels.Pad(length), scratch);
        return scratch;
    }

    public void Dispose() => buffer.Dispose();

    private static long KeyBytes(AttentionBlueprint attention, KvCacheType type) => RowBytes(attention.KeyLength, type);

    private static long ValueBytes(AttentionBlueprint attention, KvCacheType type) => RowBytes(attention.ValueLength, type);

    private static long RowBytes(int length, KvCacheType type) =>
        MatrixKernels.Pad(length) * (type == KvCacheType.F16 ? sizeof(ushort) : (long)sizeof(float));

    private struct Layer(byte* keys, long keyRowBytes, long valueRowBytes)
    {
        public byte* Keys = keys;
        public byte* Values;
        public long KeyRowBytes = keyRowBytes;
        public long ValueRowBytes = valueRowBytes;
    }
}
