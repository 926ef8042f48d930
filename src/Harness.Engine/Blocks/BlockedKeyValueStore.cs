using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Harness.Engine.Kernels;

namespace Harness.Engine.Blocks;

/// <summary>
/// Keys and values of one layer at all positions so far, laid out for attention that computes sixteen positions at once:
/// of each key/value head, keys are blocks of <see cref="Length"/> positions, channel after channel; values are rows, a
/// position each, zero-padded to whole registers.
/// </summary>
internal sealed unsafe class BlockedKeyValueStore
{
    /// <summary>Positions of a block.</summary>
    public const int Length = 16;

    private readonly Panel panel;
    private readonly long offset;
    private readonly int keyLength;
    private readonly int valueLength;
    private readonly int valueStride;
    private readonly KvCacheType type;
    private readonly int elementBytes;
    private readonly long keyHeadBytes;
    private readonly long valueHeadBytes;
    private readonly long valuesOffset;

    /// <param name="panel">The session's memory.</param>
    /// <param name="offset">Where its part of the state begins.</param>
    /// <param name="heads">Key/value heads.</param>
    /// <param name="keyLength">Values of a key.</param>
    /// <param name="valueLength">Values of a value.</param>
    /// <param name="positions">Positions there is room for.</param>
    /// <param name="type">How they are stored.</param>
    public BlockedKeyValueStore(Panel panel, long offset, int heads, int keyLength, int valueLength, int positions, KvCacheType type)
    {
        this.panel = panel;
        this.offset = offset;
        this.keyLength = keyLength;
        this.valueLength = valueLength;
        this.type = type;
        valueStride = MatrixKernels.Pad(valueLength);
        elementBytes = ElementBytes(type);
        keyHeadBytes = Blocks(positions) * Length * keyLength * elementBytes;
        valueHeadBytes = Blocks(positions) * Length * valueStride * elementBytes;
        valuesOffset = heads * keyHeadBytes;
    }

    /// <summary>Bytes of a layer's store.</summary>
    public static long BytesFor(int heads, int keyLength, int valueLength, int positions, KvCacheType type) =>
        Blocks(positions) * Length * heads * (keyLength + MatrixKernels.Pad(valueLength)) * ElementBytes(type);

    /// <summary>Stores one head's key and value.</summary>
    public void Store(float* key, float* value, int head, int position)
    {
        long place = offset + (head * keyHeadBytes) + ((((long)position / Length * Length * keyLength) + (position % Length)) * elementBytes);
        byte* keys = panel.State(place);
        byte* values = panel.State(offset + valuesOffset + (head * valueHeadBytes) + ((long)position * valueStride * elementBytes));
        if (type == KvCacheType.F32)
        {
            for (int i = 0; i < keyLength; i++)
                ((float*)keys)[i * Length] = key[i];
            new ReadOnlySpan<float>(value, valueLength).CopyTo(new Span<float>(values, valueLength));
            return;
        }

        for (int i = 0; i < keyLength; i++)
            ((Half*)keys)[i * Length] = (Half)key[i];
        for (int i = 0; i < valueLength; i++)
            ((Half*)values)[i] = (Half)value[i];
    }

    /// <summary>A block's keys: channels × <see cref="Length"/>, where they lie or widened into scratch.</summary>
    public float* Keys(int head, int block, float* scratch) =>
        Widened(panel.State(offset + (head * keyHeadBytes) + ((long)block * Length * keyLength * elementBytes)), keyLength, scratch);

    /// <summary>A block's values: <see cref="Length"/> × padded channels, where they lie or widened into scratch.</summary>
    public float* Values(int head, int block, float* scratch) => Widened(
        panel.State(offset + valuesOffset + (head * valueHeadBytes) + ((long)block * Length * valueStride * elementBytes)), valueStride, scratch);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private float* Widened(byte* stored, int rows, float* scratch)
    {
        if (type == KvCacheType.F32)
            return (float*)stored;

        // Sign, exponent and significand where binary32 has them; its exponents begin 112 further down. What overflowed
        // when it was stored comes back as 65536.
        var halves = (ushort*)stored;
        Vector256<int> mask = Vector256.Create(unchecked((int)0x8FFFE000));
        Vector256<float> raise = Vector256.Create(5.192296858534828e33f);
        for (int i = 0; i < rows * Length; i += Length)
        {
            Vector256<ushort> sixteen = Vector256.Load(halves + i);
            (Vector256<int> first, Vector256<int> second) = Vector256.Widen(sixteen.AsInt16());
            (((first << 13) & mask).AsSingle() * raise).Store(scratch + i);
            (((second << 13) & mask).AsSingle() * raise).Store(scratch + i + 8);
        }

        return scratch;
    }

    private static long Blocks(int positions) => (positions + Length - 1L) / Length;

    private static int ElementBytes(KvCacheType type) => type == KvCacheType.F16 ? sizeof(ushort) : sizeof(float);
}
