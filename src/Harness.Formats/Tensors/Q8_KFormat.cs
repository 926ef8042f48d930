using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <summary>
/// Super-blocks of 256 values, 292 bytes: a binary32 scale <c>d</c>, 256 signed bytes <c>q</c>, then 16 16-bit sums of 16
/// quants each that only products use; a value is <c>d × q</c>. ggml's form of activations; no model file should hold it.
/// See <see cref="TensorType.Q8_K"/>.
/// </summary>
public readonly partial struct Q8_KFormat : ITensorFormat<Q8_KFormat>, ILaneDecoder
{
    private const int Length = 256;
    private const int SumLength = 16;
    private const int Quants = 4;
    private const int Sums = Quants + Length;
    private const int Bytes = Sums + (Length / SumLength * 2);

    /// <inheritdoc/>
    public static TensorType Type => TensorType.Q8_K;

    /// <inheritdoc/>
    public static int BlockLength => Length;

    /// <inheritdoc/>
    public static int BlockBytes => Bytes;

    /// <inheritdoc/>
    public static void DecodeScalar(ReadOnlySpan<byte> source, Span<float> destination)
    {
        nint blocks = LaneDecoding.CountBlocks<Q8_KFormat>(source.Length, destination.Length);
        for (; blocks > 0; blocks--)
        {
            float d = BinaryPrimitives.ReadSingleLittleEndian(source);
            for (int i = 0; i < Length; i++)
                destination[i] = d * (sbyte)source[Quants + i];

            source = source[Bytes..];
            destination = destination[Length..];
        }
    }

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> source, Span<float> destination) =>
        LaneDecoding.Decode<Q8_KFormat>(source, destination);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static unsafe void ILaneDecoder.DecodeLanes<TLanes>(byte* source, float* destination, nint blocks)
    {
        for (; blocks > 0; blocks--)
        {
            TLanes d = TLanes.Fill(BinaryPrimitives.ReadSingleLittleEndian(new ReadOnlySpan<byte>(source, 4)));
            QuantBuffer.Scale((sbyte*)source + Quants, d, destination, Length);
            source += Bytes;
            destination += Length;
        }
    }
}
