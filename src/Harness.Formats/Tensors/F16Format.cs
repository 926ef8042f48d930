using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <summary>IEEE 754 binary16, little-endian; see <see cref="TensorType.F16"/>.</summary>
public readonly struct F16Format : ITensorFormat<F16Format>, ITensorEncoder<F16Format>, ILaneDecoder
{
    /// <inheritdoc/>
    public static TensorType Type => TensorType.F16;

    /// <inheritdoc/>
    public static int BlockLength => 1;

    /// <inheritdoc/>
    public static int BlockBytes => 2;

    /// <inheritdoc/>
    public static void DecodeScalar(ReadOnlySpan<byte> source, Span<float> destination)
    {
        int values = (int)LaneDecoding.CountBlocks<F16Format>(source.Length, destination.Length);
        for (int i = 0; i < values; i++)
            destination[i] = (float)BinaryPrimitives.ReadHalfLittleEndian(source[(2 * i)..]);
    }

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> source, Span<float> destination) =>
        LaneDecoding.Decode<F16Format>(source, destination);

    /// <inheritdoc/>
    public static void Encode(ReadOnlySpan<float> source, Span<byte> destination)
    {
        int values = LaneDecoding.CountEncodedBlocks<F16Format>(source.Length, destination.Length);
        for (int i = 0; i < values; i++)
            BinaryPrimitives.WriteHalfLittleEndian(destination[(2 * i)..], (Half)source[i]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static unsafe void ILaneDecoder.DecodeLanes<TLanes>(byte* source, float* destination, nint blocks)
    {
        nint i = 0;
        for (; i <= blocks - TLanes.Count; i += TLanes.Count)
            HalfLanes.ToSingle(TLanes.LoadUInt16(source + (2 * i))).Store(destination + i);

        DecodeScalar(new(source + (2 * i), (int)(2 * (blocks - i))), new(destination + i, (int)(blocks - i)));
    }
}
