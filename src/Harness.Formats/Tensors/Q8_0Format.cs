using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <summary>
/// Blocks of 32 values, 34 bytes: a binary16 scale <c>d</c>, then 32 signed bytes <c>q</c>; a value is <c>d × q</c>.
/// See <see cref="TensorType.Q8_0"/>.
/// </summary>
public readonly partial struct Q8_0Format : ITensorFormat<Q8_0Format>, ITensorEncoder<Q8_0Format>, ILaneDecoder
{
    private const int Length = 32;
    private const int Quants = 2;
    private const int Bytes = Quants + Length;

    /// <inheritdoc/>
    public static TensorType Type => TensorType.Q8_0;

    /// <inheritdoc/>
    public static int BlockLength => Length;

    /// <inheritdoc/>
    public static int BlockBytes => Bytes;

    /// <inheritdoc/>
    public static void DecodeScalar(ReadOnlySpan<byte> source, Span<float> destination)
    {
        nint blocks = LaneDecoding.CountBlocks<Q8_0Format>(source.Length, destination.Length);
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
        LaneDecoding.Decode<Q8_0Format>(source, destination);

    /// <inheritdoc/>
    public static void Encode(ReadOnlySpan<float> source, Span<byte> destination)
    {
        int blocks = LaneDecoding.CountEncodedBlocks<Q8_0Format>(source.Length, destination.Length);
        for (; blocks > 0; blocks--)
        {
            float largest = 0;
            foreach (float value in source[..Length])
                largest = MathF.Max(largest, MathF.Abs(value));

            float d = largest / 127;
            float inverse = d == 0 ? 0 : 1 / d;
            BinaryPrimitives.WriteHalfLittleEndian(destination, (Half)d);
            for (int i = 0; i < Length; i++)
                destination[Quants + i] = (byte)(sbyte)MathF.Round(source[i] * inverse, MidpointRounding.AwayFromZero);

            source = source[Length..];
            destination = destination[Bytes..];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static unsafe void ILaneDecoder.DecodeLanes<TLanes>(byte* source, float* destination, nint blocks)
    {
        for (; blocks > 0; blocks--)
        {
            TLanes d = TLanes.Fill((float)*(Half*)source);
            for (int i = 0; i < Length; i += TLanes.Count)
                (TLanes.ToSingle(TLanes.LoadSBytes(source + Quants + i)) * d).Store(destination + i);

            source += Bytes;
            destination += Length;
        }
    }
}
