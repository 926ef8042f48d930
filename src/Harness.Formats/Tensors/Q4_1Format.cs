using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <summary>
/// Blocks of 32 values, 20 bytes: a binary16 scale <c>d</c> and minimum <c>m</c>, then 16 bytes whose low nibbles are
/// values 0–15 and whose high nibbles are values 16–31; a value is <c>d × q + m</c>. See <see cref="TensorType.Q4_1"/>.
/// </summary>
public readonly partial struct Q4_1Format : ITensorFormat<Q4_1Format>, ITensorEncoder<Q4_1Format>, ILaneDecoder
{
    private const int Length = 32;
    private const int Half = Length / 2;
    private const int Minimum = 2;
    private const int Quants = 4;
    private const int Bytes = Quants + Half;

    /// <inheritdoc/>
    public static TensorType Type => TensorType.Q4_1;

    /// <inheritdoc/>
    public static int BlockLength => Length;

    /// <inheritdoc/>
    public static int BlockBytes => Bytes;

    /// <inheritdoc/>
    public static void DecodeScalar(ReadOnlySpan<byte> source, Span<float> destination)
    {
        nint blocks = LaneDecoding.CountBlocks<Q4_1Format>(source.Length, destination.Length);
        for (; blocks > 0; blocks--)
        {
            float d = (float)BinaryPrimitives.ReadHalfLittleEndian(source);
            float minimum = (float)BinaryPrimitives.ReadHalfLittleEndian(source[Minimum..]);
            for (int i = 0; i < Half; i++)
            {
                int pair = source[Quants + i];
                destination[i] = ((pair & 15) * d) + minimum;
                destination[i + Half] = ((pair >> 4) * d) + minimum;
            }

            source = source[Bytes..];
            destination = destination[Length..];
        }
    }

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> source, Span<float> destination) =>
        LaneDecoding.Decode<Q4_1Format>(source, destination);

    /// <inheritdoc/>
    public static void Encode(ReadOnlySpan<float> source, Span<byte> destination)
    {
        int blocks = LaneDecoding.CountEncodedBlocks<Q4_1Format>(source.Length, destination.Length);
        for (; blocks > 0; blocks--)
        {
            float least = source[0], most = source[0];
            foreach (float value in source[..Length])
            {
                if (value < least) least = value;
                if (value > most) most = value;
            }

            float d = (most - least) / 15;
            float inverse = d == 0 ? 0 : 1 / d;
            BinaryPrimitives.WriteHalfLittleEndian(destination, (System.Half)d);
            BinaryPrimitives.WriteHalfLittleEndian(destination[Minimum..], (System.Half)least);
            for (int i = 0; i < Half; i++)
            {
                int low = Quant((source[i] - least) * inverse);
                int high = Quant((source[i + Half] - least) * inverse);
                destination[Quants + i] = (byte)(low | (high << 4));
            }

            source = source[Length..];
            destination = destination[Bytes..];
        }
    }

    private static int Quant(float scaled) => Math.Min(15, (int)(sbyte)(scaled + 0.5f));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static unsafe void ILaneDecoder.DecodeLanes<TLanes>(byte* source, float* destination, nint blocks)
    {
        TLanes nibble = TLanes.Fill(15);
        for (; blocks > 0; blocks--)
        {
            TLanes d = TLanes.Fill((float)*(System.Half*)source);
            TLanes minimum = TLanes.Fill((float)*(System.Half*)(source + Minimum));
            for (int i = 0; i < Half; i += TLanes.Count)
            {
                TLanes pair = TLanes.LoadBytes(source + Quants + i);
                ((TLanes.ToSingle(pair & nibble) * d) + minimum).Store(destination + i);
                ((TLanes.ToSingle(pair >>> 4) * d) + minimum).Store(destination + Half + i);
            }

            source += Bytes;
            destination += Length;
        }
    }
}
