using Harness.Engine.Kernels;

namespace Harness.Engine.Blocks;

/// <summary>
/// Keys and values of one layer at all positions so far: for each key/value head its positions in a row, so that
/// attention reads memory straight ahead; head rows are zero-padded to whole registers.
/// </summary>
internal sealed unsafe class KeyValueStore
{
    private readonly Panel panel;
    private readonly long offset;
    private readonly int keyLength;
    private readonly int valueLength;
    private readonly KvCacheType type;
    private readonly long keyRowBytes;
    private readonly long valueRowBytes;
    private readonly long valuesOffset;
    private readonly long headStride;

    /// <param name="panel">The session's memory.</param>
    /// <param name="offset">Where its part of the state begins.</param>
    /// <param name="heads">Key/value heads.</param>
    /// <param name="keyLength">Values of a key.</param>
    /// <param name="valueLength">Values of a value.</param>
    /// <param name="positions">Positions there is room for.</param>
    /// <param name="type">How they are stored.</param>
    /// <param name="oneRowForAll">All heads have the same keys, and values are the beginnings of keys: a row a position.</param>
    public KeyValueStore(
        Panel panel, long offset, int heads, int keyLength, int valueLength, int positions, KvCacheType type, bool oneRowForAll = false)
    {
        this.panel = panel;
        this.offset = offset;
        this.keyLength = keyLength;
        this.valueLength = valueLength;
        this.type = type;
        keyRowBytes = RowBytes(keyLength, type);
        valueRowBytes = oneRowForAll ? keyRowBytes : RowBytes(valueLength, type);
        valuesOffset = oneRowForAll ? 0 : keyRowBytes * heads * positions;
        headStride = oneRowForAll ? 0 : positions;
    }

    /// <summary>Bytes of a layer's store.</summary>
    public static long BytesFor(int heads, int keyLength, int valueLength, int positions, KvCacheType type) =>
        (RowBytes(keyLength, type) + RowBytes(valueLength, type)) * heads * positions;

    /// <summary>Stores one head's key.</summary>
    public void StoreKey(float* key, int head, int position) => Store(key, keyLength, Key(head, position));

    /// <summary>Stores one head's value.</summary>
    public void StoreValue(float* value, int head, int position) => Store(value, valueLength, Value(head, position));

    /// <summary>A stored key, zero-padded: where it lies, or unpacked into scratch.</summary>
    public float* LoadKey(int head, int position, float* scratch, IPrimitives primitives) =>
        Load(Key(head, position), keyLength, scratch, primitives);

    /// <summary>A stored value, zero-padded: where it lies, or unpacked into scratch.</summary>
    public float* LoadValue(int head, int position, float* scratch, IPrimitives primitives) =>
        Load(Value(head, position), valueLength, scratch, primitives);

    private byte* Key(int head, int position) => panel.State(offset) + (keyRowBytes * ((head * headStride) + position));

    private byte* Value(int head, int position) =>
        panel.State(offset) + valuesOffset + (valueRowBytes * ((head * headStride) + position));

    private void Store(float* source, int length, byte* row)
    {
        if (type == KvCacheType.F32)
        {
            new ReadOnlySpan<float>(source, length).CopyTo(new Span<float>(row, length));
            return;
        }

        var halves = (Half*)row;
        for (int i = 0; i < length; i++)
            halves[i] = (Half)source[i];
    }

    private float* Load(byte* row, int length, float* scratch, IPrimitives primitives)
    {
        if (type == KvCacheType.F32)
            return (float*)row;

        primitives.WidenHalves((Half*)row, MatrixKernels.Pad(length), scratch);
        return scratch;
    }

    private static long RowBytes(int length, KvCacheType type) =>
        MatrixKernels.Pad(length) * (type == KvCacheType.F32 ? sizeof(float) : (long)sizeof(ushort));
}
