using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Harness.Engine.Kernels;

namespace Harness.Engine.Blocks;

/// <summary>
/// Keys and values of one layer at all positions so far, laid out for attention that computes sixteen positions at once:
/// of each key/value head, keys are blocks of <see cref="Length"/> positions, channel after channel; values are rows, a
/// position each, zero-padded to whole registers. As bytes, a block's scales follow its values: of each 32 channels one a
/// position.
/// </summary>
internal sealed unsafe class BlockedKeyValueStore
{
    /// <summary>Positions of a block.</summary>
    public const int Length = 16;

    // Channels that share a scale.
    private const int Group = 32;

    private readonly Panel panel;
    private readonly long offset;
    private readonly int keyLength;
    private readonly int valueLength;
    private readonly int valueStride;
    private readonly KvCacheType type;
    private readonly long keyBlockBytes;
    private readonly long valueBlockBytes;
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
        keyBlockBytes = BlockBytes(keyLength, type);
        valueBlockBytes = BlockBytes(valueStride, type);
        keyHeadBytes = Blocks(positions) * keyBlockBytes;
        valueHeadBytes = Blocks(positions) * valueBlockBytes;
        valuesOffset = heads * keyHeadBytes;
    }

    /// <summary>Bytes of a layer's store.</summary>
    public static long BytesFor(int heads, int keyLength, int valueLength, int positions, KvCacheType type) =>
        Blocks(positions) * heads * (BlockBytes(keyLength, type) + BlockBytes(MatrixKernels.Pad(valueLength), type));

    /// <summary>Stores one head's key and value.</summary>
    public void Store(float* key, float* value, int head, int position)
    {
        byte* keys = KeyBlock(head, position / Length);
        byte* values = ValueBlock(head, position / Length);
        int at = position % Length;
        switch (type)
        {
            case KvCacheType.F32:
                for (int i = 0; i < keyLength; i++)
                    ((float*)keys)[(i * Length) + at] = key[i];
                new ReadOnlySpan<float>(value, valueLength).CopyTo(new Span<float>((float*)values + (at * valueStride), valueLength));
                return;
            case KvCacheType.F16:
                for (int i = 0; i < keyLength; i++)
                    ((Half*)keys)[(i * Length) + at] = (Half)key[i];
                for (int i = 0; i < valueLength; i++)
                    ((Half*)values)[(at * valueStride) + i] = (Half)value[i];
                return;
            default:
                StoreBytes(key, keyLength, (sbyte*)keys + at, Length, (Half*)(keys + (Length * keyLength)) + at, Length);
                StoreBytes(value, valueLength, (sbyte*)values + (at * valueStride), 1, (Half*)(values + (Length * valueStride)) + (at * Groups(valueStride)), 1);
                return;
        }
    }

    /// <summary>A block's keys: channels × <see cref="Length"/>, where they lie or widened into scratch.</summary>
    public float* Keys(int head, int block, float* scratch)
    {
        byte* stored = KeyBlock(head, block);
        switch (type)
        {
            case KvCacheType.F32:
                return (float*)stored;
            case KvCacheType.F16:
                WidenHalves((ushort*)stored, keyLength * Length, scratch);
                return scratch;
            default:
                WidenKeys(stored, keyLength, scratch);
                return scratch;
        }
    }

    /// <summary>A block's values: <see cref="Length"/> × padded channels, where they lie or widened into scratch.</summary>
    public float* Values(int head, int block, float* scratch)
    {
        byte* stored = ValueBlock(head, block);
        switch (type)
        {
            case KvCacheType.F32:
                return (float*)stored;
            case KvCacheType.F16:
                WidenHalves((ushort*)stored, valueStride * Length, scratch);
                return scratch;
            default:
                WidenValues(stored, valueStride, scratch);
                return scratch;
        }
    }

    private byte* KeyBlock(int head, int block) => panel.State(offset + (head * keyHeadBytes) + (block * keyBlockBytes));

    private byte* ValueBlock(int head, int block) => panel.State(offset + valuesOffset + (head * valueHeadBytes) + (block * valueBlockBytes));

    // Each group to the largest magnitude's 127th part, to the nearest.
    private static void StoreBytes(float* source, int length, sbyte* codes, int codeStride, Half* scales, int scaleStride)
    {
        for (int first = 0; first < length; first += Group)
        {
            int end = Math.Min(first + Group, length);
            float largest = 0;
            for (int i = first; i < end; i++)
                largest = Math.Max(largest, Math.Abs(source[i]));
            float inverse = largest > 0 ? 127 / largest : 0;
            for (int i = first; i < end; i++)
                codes[i * codeStride] = (sbyte)MathF.Round(source[i] * inverse);
            scales[first / Group * scaleStride] = (Half)(largest / 127);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WidenHalves(ushort* halves, int count, float* scratch)
    {
        for (int i = 0; i < count; i += Length)
        {
            (Vector256<float> first, Vector256<float> second) = Sixteen(halves + i);
            first.Store(scratch + i);
            second.Store(scratch + i + 8);
        }
    }

    // A register of scales, one a position, serves 32 channels.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WidenKeys(byte* stored, int keyLength, float* scratch)
    {
        var scales = (ushort*)(stored + (Length * keyLength));
        for (int first = 0; first < keyLength; first += Group)
        {
            (Vector256<float> scale0, Vector256<float> scale1) = Sixteen(scales);
            scales += Length;
            int end = Math.Min(first + Group, keyLength) * Length;
            for (int i = first * Length; i < end; i += Length)
                WidenSixteen((sbyte*)stored + i, scale0, scale1, scratch + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WidenValues(byte* stored, int valueStride, float* scratch)
    {
        var scales = (Half*)(stored + (Length * valueStride));
        for (int position = 0; position < Length; position++)
        {
            for (int first = 0; first < valueStride; first += Group)
            {
                var scale = Vector256.Create((float)*scales++);
                int at = (position * valueStride) + first;
                WidenSixteen((sbyte*)stored + at, scale, scale, scratch + at);
                if (first + Length < valueStride)
                    WidenSixteen((sbyte*)stored + at + Length, scale, scale, scratch + at + Length);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WidenSixteen(sbyte* codes, Vector256<float> scale0, Vector256<float> scale1, float* scratch)
    {
        (Vector128<short> low, Vector128<short> high) = Vector128.Widen(Vector128.Load(codes));
        (Vector256.ConvertToSingle(Widened(low)) * scale0).Store(scratch);
        (Vector256.ConvertToSingle(Widened(high)) * scale1).Store(scratch + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Widened(Vector128<short> values) => Vector256.WidenLower(values.ToVector256Unsafe());

    // Sign, exponent and significand where binary32 has them; its exponents begin 112 further down. What overflowed
    // when it was stored comes back as 65536.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<float> First, Vector256<float> Second) Sixteen(ushort* halves)
    {
        Vector256<int> mask = Vector256.Create(unchecked((int)0x8FFFE000));
        Vector256<float> raise = Vector256.Create(5.192296858534828e33f);
        (Vector256<int> first, Vector256<int> second) = Vector256.Widen(Vector256.Load(halves).AsInt16());
        return (((first << 13) & mask).AsSingle() * raise, ((second << 13) & mask).AsSingle() * raise);
    }

    private static long Blocks(int positions) => (positions + Length - 1L) / Length;

    private static int Groups(int channels) => (channels + Group - 1) / Group;

    private static long BlockBytes(int channels, KvCacheType type) => type switch
    {
        KvCacheType.F32 => sizeof(float) * (long)Length * channels,
        KvCacheType.F16 => sizeof(ushort) * (long)Length * channels,
        _ => Length * (channels + (sizeof(ushort) * (long)Groups(channels))),
    };
}
