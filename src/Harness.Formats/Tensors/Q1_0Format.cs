using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Harness.Formats.Tensors;

/// <summary>
/// Blocks of 128 values, 18 bytes: a binary16 scale <c>d</c>, then a bit a value, the lowest of each byte first: <c>d</c>
/// where it is set, else <c>−d</c>. See <see cref="TensorType.Q1_0"/>.
/// </summary>
public readonly partial struct Q1_0Format : ITensorFormat<Q1_0Format>, ILaneDecoder
{
    private const int Length = 128;
    private const int Quants = 2;
    private const int Bytes = Quants + (Length / 8);

    /// <inheritdoc/>
    public static TensorType Type => TensorType.Q1_0;

    /// <inheritdoc/>
    public static int BlockLength => Length;

    /// <inheritdoc/>
    public static int BlockBytes => Bytes;

    /// <inheritdoc/>
    public static void DecodeScalar(ReadOnlySpan<byte> source, Span<float> destination)
    {
        nint blocks = LaneDecoding.CountBlocks<Q1_0Format>(source.Length, destination.Length);
        for (; blocks > 0; blocks--)
        {
            float d = (float)BinaryPrimitives.ReadHalfLittleEndian(source);
            for (int i = 0; i < Length; i++)
                destination[i] = ((source[Quants + (i / 8)] >> (i % 8)) & 1) != 0 ? d : -d;

            source = source[Bytes..];
            destination = destination[Length..];
        }
    }

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> source, Span<float> destination) =>
        LaneDecoding.Decode<Q1_0Format>(source, destination);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static unsafe void ILaneDecoder.DecodeLanes<TLanes>(byte* source, float* destination, nint blocks)
    {
        sbyte* quants = stackalloc sbyte[Length];
        for (; blocks > 0; blocks--)
        {
            // A set bit's mask is −1: twice that, inverted, is 1; a clear one's 0 becomes −1.
            for (int i = 0; i < Length; i += 16)
            {
                Vector128<sbyte> set = SignBits.Mask(source[Quants + (i / 8)], source[Quants + (i / 8) + 1]);
                (~(set + set)).Store(quants + i);
            }

            QuantBuffer.Scale(quants, TLanes.Fill((float)*(Half*)source), destination, Length);
            source += Bytes;
            destination += Length;
        }
    }
}
