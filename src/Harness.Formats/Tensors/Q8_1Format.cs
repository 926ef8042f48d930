using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <summary>
/// Blocks of 32 values, 36 bytes: a binary16 scale <c>d</c>, a binary16 <c>d × Σq</c> that only products use, then 32
/// signed bytes <c>q</c>; a value is <c>d × q</c>. ggml's form of activations; no model file should hold it. See
/// <see cref="TensorType.Q8_1"/>.
/// </summary>
public readonly partial struct Q8_1Format : ITensorFormat<Q8_1Format>, ILaneDecoder
{
    private const int Length = 32;
    private const int Sum = 2;
    private const int Quants = 4;
    private const int Bytes = Quants + Length;

    /// <inheritdoc/>
    public static TensorType Type => TensorType.Q8_1;

    /// <inheritdoc/>
    public static int BlockLength => Length;

    /// <inheritdoc/>
    public static int BlockBytes => Bytes;

    /// <inheritdoc/>
    public static void DecodeScalar(ReadOnlySpan<byte> source, Span<float> destination)
    {
        nint blocks = LaneDecoding.CountBlocks<Q8_1Format>(source.Length, destination.Length);
        for (; blocks > 0; blocks--)
        {
            float d = (float)BinaryPrimitives.ReadHalfLittleEndian(source);
            for (int i = 0; i < Length; i++)
                destination[i] = (sbyte)source[Quants + i] * d;

            source = source[Bytes..];
            destination = destination[Length..];
        }
    }

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> source, Span<float> destination) =>
        LaneDecoding.Decode<Q8_1Format>(source, destination);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static unsafe void ILaneDecoder.DecodeLanes<TLanes>(byte* source, float* destination, nint blocks)
    {
        for (; blocks > 0; blocks--)
        {
            QuantBuffer.Scale((sbyte*)source + Quants, TLanes.Fill((float)*(Half*)source), destination, Length);
            source += Bytes;
            destination += Length;
        }
    }
}
