using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <summary>bfloat16, little-endian; see <see cref="TensorType.BF16"/>.</summary>
public readonly struct BF16Format : ITensorFormat<BF16Format>, ITensorEncoder<BF16Format>, ILaneDecoder
{
    /// <inheritdoc/>
    public static TensorType Type => TensorType.BF16;

    /// <inheritdoc/>
    public static int BlockLength => 1;

    /// <inheritdoc/>
    public static int BlockBytes => 2;

    /// <inheritdoc/>
    public static void DecodeScalar(ReadOnlySpan<byte> source, Span<float> destination)
    {
        int values = (int)LaneDecoding.CountBlocks<BF16Format>(source.Length, destination.Length);
        for (int i = 0; i < values; i++)
        {
            uint upper = BinaryPrimitives.ReadUInt16LittleEndian(source[(2 * i)..]);
            destination[i] = BitConverter.UInt32BitsToSingle(upper << 16);
        }
    }

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> source, Span<float> destination) =>
        LaneDecoding.Decode<BF16Format>(source, destination);

    /// <inheritdoc/>
    public static void Encode(ReadOnlySpan<float> source, Span<byte> destination)
    {
        int values = LaneDecoding.CountEncodedBlocks<BF16Format>(source.Length, destination.Length);
        for (int i = 0; i < values; i++)
        {
            uint bits = BitConverter.SingleToUInt32Bits(source[i]);

            // Round to nearest, ties to even; a NaN is made quiet so that it cannot round to infinity.
            uint upper = float.IsNaN(source[i]) ? (bits >> 16) | 0x40 : (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
            BinaryPrimitives.WriteUInt16LittleEndian(destination[(2 * i)..], (ushort)upper);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static unsafe void ILaneDecoder.DecodeLanes<TLanes>(byte* source, float* destination, nint blocks)
    {
        nint i = 0;
        for (; i <= blocks - TLanes.Count; i += TLanes.Count)
            (TLanes.LoadUInt16(source + (2 * i)) << 16).Store(destination + i);

        DecodeScalar(new(source + (2 * i), (int)(2 * (blocks - i))), new(destination + i, (int)(blocks - i)));
    }
}
