using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <summary>
/// Blocks of 64 values, 18 bytes: a binary16 scale <c>d</c>, then bit pairs, the lowest of each byte first; a value is
/// <c>d × (q − 1)</c>. See <see cref="TensorType.Q2_0"/>.
/// </summary>
public readonly partial struct Q2_0Format : ITensorFormat<Q2_0Format>, ILaneDecoder
{
    private const int Length = 64;
    private const int Quants = 2;
    private const int Bytes = Quants + (Length / 4);

    /// <inheritdoc/>
    public static TensorType Type => TensorType.Q2_0;

    /// <inheritdoc/>
    public static int BlockLength => Length;

    /// <inheritdoc/>
    public static int BlockBytes => Bytes;

    /// <inheritdoc/>
    public static void DecodeScalar(ReadOnlySpan<byte> source, Span<float> destination)
    {
        nint blocks = LaneDecoding.CountBlocks<Q2_0Format>(source.Length, destination.Length);
        for (; blocks > 0; blocks--)
        {
            float d = (float)BinaryPrimitives.ReadHalfLittleEndian(source);
            for (int i = 0; i < Length; i++)
                destination[i] = (((source[Quants + (i / 4)] >> (2 * (i % 4))) & 3) - 1) * d;

            source = source[Bytes..];
            destination = destination[Length..];
        }
    }

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> source, Span<float> destination) =>
        LaneDecoding.Decode<Q2_0Format>(source, destination);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static unsafe void ILaneDecoder.DecodeLanes<TLanes>(byte* source, float* destination, nint blocks)
    {
        sbyte* quants = stackalloc sbyte[Length];
        for (; blocks > 0; blocks--)
        {
            // A byte's nibbles move 16 bits apart, then their pairs 8 bits apart: a byte each.
            for (int i = 0; i < Length / 4; i++)
            {
                uint pairs = source[Quants + i];
                pairs = (pairs | (pairs << 12)) & 0x000F000F;
                pairs = (pairs | (pairs << 6)) & 0x03030303;
                Unsafe.WriteUnaligned(quants + (4 * i), pairs);
            }

            TLanes d = TLanes.Fill((float)*(Half*)source);
            TLanes offset = TLanes.Fill(-1);
            for (int i = 0; i < Length; i += TLanes.Count)
                (TLanes.ToSingle(TLanes.AddInteger(TLanes.LoadBytes((byte*)quants + i), offset)) * d).Store(destination + i);
            source += Bytes;
            destination += Length;
        }
    }
}
