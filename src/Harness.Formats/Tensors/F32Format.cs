using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Harness.Formats.Tensors;

/// <summary>IEEE 754 binary32, little-endian; see <see cref="TensorType.F32"/>.</summary>
public readonly struct F32Format : ITensorFormat<F32Format>, ITensorEncoder<F32Format>
{
    /// <inheritdoc/>
    public static TensorType Type => TensorType.F32;

    /// <inheritdoc/>
    public static int BlockLength => 1;

    /// <inheritdoc/>
    public static int BlockBytes => sizeof(float);

    /// <inheritdoc/>
    public static void DecodeScalar(ReadOnlySpan<byte> source, Span<float> destination)
    {
        int values = (int)LaneDecoding.CountBlocks<F32Format>(source.Length, destination.Length);
        for (int i = 0; i < values; i++)
            destination[i] = BinaryPrimitives.ReadSingleLittleEndian(source[(i * sizeof(float))..]);
    }

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> source, Span<float> destination)
    {
        _ = LaneDecoding.CountBlocks<F32Format>(source.Length, destination.Length);
        if (BitConverter.IsLittleEndian)
            source.CopyTo(MemoryMarshal.AsBytes(destination));
        else
            DecodeScalar(source, destination);
    }

    /// <inheritdoc/>
    public static void Encode(ReadOnlySpan<float> source, Span<byte> destination)
    {
        int values = LaneDecoding.CountEncodedBlocks<F32Format>(source.Length, destination.Length);
        for (int i = 0; i < values; i++)
            BinaryPrimitives.WriteSingleLittleEndian(destination[(i * sizeof(float))..], source[i]);
    }
}
