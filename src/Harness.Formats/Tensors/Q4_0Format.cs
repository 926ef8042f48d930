using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <summary>
/// Blocks of 32 values, 18 bytes: a binary16 scale <c>d</c>, then 16 bytes whose low nibbles are values 0–15 and whose
/// high nibbles are values 16–31; a value is <c>d × (q − 8)</c>. See <see cref="TensorType.Q4_0"/>.
/// </summary>
public readonly partial struct Q4_0Format : ITensorFormat<Q4_0Format>, ITensorEncoder<Q4_0Format>, ILaneDecoder
{
    private const int Length = 32;
    private const int Half = Length / 2;
    private const int Quants = 2;
    private const int Bytes = Quants + Half;

    /// <inheritdoc/>
    public static TensorType Type => TensorType.Q4_0;

    /// <inheritdoc/>
    public static int BlockLength => Length;

    /// <inheritdoc/>
    public static int BlockBytes => Bytes;

    /// <inheritdoc/>
    public static void DecodeScalar(ReadOnlySpan<byte> source, Span<float> destination)
    {
        nint blocks = LaneDecoding.CountBlocks<Q4_0Format>(source.Length, destination.Length);
        for (; blocks > 0; blocks--)
        {
            float d = (float)BinaryPrimitives.ReadHalfLittleEndian(source);
            for (int i = 0; i < Half; i++)
            {
                int pair = source[Quants + i];
                destination[i] = ((pair & 15) - 8) * d;
                destination[i + Half] = ((pair >> 4) - 8) * d;
            }

            source = source[Bytes..];
            destination = destination[Length..];
        }
    }

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> source, Span<float> destination) =>
        LaneDecoding.Decode<Q4_0Format>(source, destination);

    /// <inheritdoc/>
    public static void Encode(ReadOnlySpan<float> source, Span<byte> destination)
    {
        int blocks = LaneDecoding.CountEncodedBlocks<Q4_0Format>(source.Length, destination.Length);
        for (; blocks > 0; blocks--)
        {
            // The value of largest magnitude, with its sign, becomes quant 0, that is −8.
            float extreme = 0;
            foreach (float value in source[..Length])
            {
                if (MathF.Abs(value) > MathF.Abs(extreme))
                    extreme = value;
            }

            float d = extreme / -8;
            float inverse = d == 0 ? 0 : 1 / d;
            BinaryPrimitives.WriteHalfLittleEndian(destination, (System.Half)d);
            for (int i = 0; i < Half; i++)
                destination[Quants + i] = (byte)(Quant(source[i] * inverse) | (Quant(source[i + Half] * inverse) << 4));

            source = source[Length..];
            destination = destination[Bytes..];
        }
    }

    private static int Quant(float scaled) => Math.Min(15, (int)(sbyte)(scaled + 8.5f));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static unsafe void ILaneDecoder.DecodeLanes<TLanes>(byte* source, float* destination, nint blocks)
    {
        TLanes nibble = TLanes.Fill(15);
        TLanes offset = TLanes.Fill(-8);
        for (; blocks > 0; blocks--)
        {
            TLanes d = TLanes.Fill((float)*(System.Half*)source);
            for (int i = 0; i < Half; i += TLanes.Count)
            {
                TLanes pair = TLanes.LoadBytes(source + Quants + i);
                (TLanes.ToSingle(TLanes.AddInteger(pair & nibble, offset)) * d).Store(destination + i);
                (TLanes.ToSingle(TLanes.AddInteger(pair >>> 4, offset)) * d).Store(destination + Half + i);
            }

            source += Bytes;
            destination += Length;
        }
    }
}
