using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <summary>
/// Super-blocks of 256 values, 54 bytes: 52 bytes of ternary digits, then a binary16 <c>d</c>. A byte is a fraction of 256
/// with five digits: times 3, what goes beyond a byte is the first digit, and the rest holds the others. The first 32
/// bytes hold values 0–159, digit <c>n</c> of byte <c>i</c> being value <c>32 n + i</c>; the next 16 hold values 160–239,
/// likewise by 16; the last 4 hold values 240–255, four digits each. A value is <c>d × (digit − 1)</c>. See
/// <see cref="TensorType.TQ1_0"/>.
/// </summary>
public readonly partial struct TQ1_0Format : ITensorFormat<TQ1_0Format>, ILaneDecoder
{
    private const int Length = 256;
    private const int SuperScale = 52;
    private const int Bytes = SuperScale + 2;
    private const int TailBytes = 4;
    private const int TailDigits = 4;

    // First byte, bytes and digits of each, in the order of the values.
    private static readonly (int Start, int Count, int Digits)[] Runs = [(0, 32, 5), (32, 16, 5), (48, TailBytes, TailDigits)];

    /// <inheritdoc/>
    public static TensorType Type => TensorType.TQ1_0;

    /// <inheritdoc/>
    public static int BlockLength => Length;

    /// <inheritdoc/>
    public static int BlockBytes => Bytes;

    /// <inheritdoc/>
    public static void DecodeScalar(ReadOnlySpan<byte> source, Span<float> destination)
    {
        nint blocks = LaneDecoding.CountBlocks<TQ1_0Format>(source.Length, destination.Length);
        for (; blocks > 0; blocks--)
        {
            float d = (float)BinaryPrimitives.ReadHalfLittleEndian(source[SuperScale..]);
            int value = 0;
            foreach ((int start, int count, int digits) in Runs)
            {
                for (int digit = 0, power = 1; digit < digits; digit++, power *= 3)
                {
                    for (int i = start; i < start + count; i++)
                        destination[value++] = ((((byte)(source[i] * power) * 3) >> 8) - 1) * d;
                }
            }

            source = source[Bytes..];
            destination = destination[Length..];
        }
    }

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> source, Span<float> destination) =>
        LaneDecoding.Decode<TQ1_0Format>(source, destination);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static unsafe void ILaneDecoder.DecodeLanes<TLanes>(byte* source, float* destination, nint blocks)
    {
        byte* tail = stackalloc byte[TailBytes * TailDigits];
        TLanes offset = TLanes.Fill(-1);
        TLanes rest = TLanes.Fill(255);
        for (; blocks > 0; blocks--)
        {
            TLanes d = TLanes.Fill((float)*(Half*)(source + SuperScale));
            for (int run = 0; run < 2; run++)
            {
                (int start, int count, int digits) = Runs[run];
                for (int i = 0; i < count; i += TLanes.Count)
                {
                    TLanes q = TLanes.LoadBytes(source + start + i);
                    for (int digit = 0; digit < digits; digit++)
                    {
                        q = TLanes.AddInteger(TLanes.AddInteger(q, q), q);
                        (TLanes.ToSingle(TLanes.AddInteger(q >>> 8, offset)) * d).Store(destination + (digit * count) + i);
                        q &= rest;
                    }
                }

                destination += count * digits;
            }

            // Four bytes fill no register: their powers are laid out first.
            for (int i = 0; i < TailBytes * TailDigits; i++)
                tail[i] = i < TailBytes ? source[SuperScale - TailBytes + i] : (byte)(tail[i - TailBytes] * 3);
            for (int i = 0; i < TailBytes * TailDigits; i += TLanes.Count)
            {
                TLanes q = TLanes.LoadBytes(tail + i);
                q = TLanes.AddInteger(TLanes.AddInteger(q, q), q) >>> 8;
                (TLanes.ToSingle(TLanes.AddInteger(q, offset)) * d).Store(destination + i);
            }

            source += Bytes;
            destination += TailBytes * TailDigits;
        }
    }
}
