using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <summary>
/// Super-blocks of 256 values, 176 bytes: as <see cref="Q4_KFormat"/>, with 32 bytes before the nibbles that hold each
/// value's fifth bit: bit <c>s</c> of byte <c>i</c> belongs to value <c>i</c> of sub-block <c>s</c>.
/// See <see cref="TensorType.Q5_K"/>.
/// </summary>
public readonly partial struct Q5_KFormat : ITensorFormat<Q5_KFormat>, ILaneDecoder
{
    private const int Length = 256;
    private const int SubLength = 32;
    private const int Scales = 4;
    private const int HighBits = Scales + KQuantScales.Bytes;
    private const int Quants = HighBits + SubLength;
    private const int Bytes = Quants + (Length / 2);

    /// <inheritdoc/>
    public static TensorType Type => TensorType.Q5_K;

    /// <inheritdoc/>
    public static int BlockLength => Length;

    /// <inheritdoc/>
    public static int BlockBytes => Bytes;

    /// <inheritdoc/>
    public static void DecodeScalar(ReadOnlySpan<byte> source, Span<float> destination)
    {
        nint blocks = LaneDecoding.CountBlocks<Q5_KFormat>(source.Length, destination.Length);
        for (; blocks > 0; blocks--)
        {
            float d = (float)BinaryPrimitives.ReadHalfLittleEndian(source);
            float dmin = (float)BinaryPrimitives.ReadHalfLittleEndian(source[2..]);
            ReadOnlySpan<byte> packed = source.Slice(Scales, KQuantScales.Bytes);
            ReadOnlySpan<byte> highBits = source.Slice(HighBits, SubLength);
            for (int sub = 0; sub < Length / SubLength; sub++)
            {
                float scale = d * KQuantScales.Scale(packed, sub);
                float minimum = dmin * KQuantScales.Minimum(packed, sub);
                ReadOnlySpan<byte> quants = source.Slice(Quants + (sub / 2 * SubLength), SubLength);
                for (int i = 0; i < SubLength; i++)
                {
                    int q = ((quants[i] >> (4 * (sub % 2))) & 15) | (((highBits[i] >> sub) & 1) << 4);
                    destination[(sub * SubLength) + i] = (scale * q) - minimum;
                }
            }

            source = source[Bytes..];
            destination = destination[Length..];
        }
    }

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> source, Span<float> destination) =>
        LaneDecoding.Decode<Q5_KFormat>(source, destination);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static unsafe void ILaneDecoder.DecodeLanes<TLanes>(byte* source, float* destination, nint blocks)
    {
        TLanes nibble = TLanes.Fill(15);
        TLanes fifth = TLanes.Fill(16);
        for (; blocks > 0; blocks--)
        {
            float d = (float)*(Half*)source;
            float dmin = (float)*(Half*)(source + 2);
            ReadOnlySpan<byte> packed = new(source + Scales, KQuantScales.Bytes);
            byte* quants = source + Quants;
            for (int sub = 0; sub < Length / SubLength; sub += 2)
            {
                TLanes lowScale = TLanes.Fill(d * KQuantScales.Scale(packed, sub));
                TLanes lowMinimum = TLanes.Fill(dmin * KQuantScales.Minimum(packed, sub));
                TLanes highScale = TLanes.Fill(d * KQuantScales.Scale(packed, sub + 1));
                TLanes highMinimum = TLanes.Fill(dmin * KQuantScales.Minimum(packed, sub + 1));
                for (int i = 0; i < SubLength; i += TLanes.Count)
                {
                    TLanes pair = TLanes.LoadBytes(quants + i);
                    TLanes bits = TLanes.LoadBytes(source + HighBits + i) >>> sub;
                    TLanes low = (pair & nibble) | ((bits << 4) & fifth);
                    TLanes high = (pair >>> 4) | ((bits << 3) & fifth);
                    ((lowScale * TLanes.ToSingle(low)) - lowMinimum).Store(destination + i);
                    ((highScale * TLanes.ToSingle(high)) - highMinimum).Store(destination + SubLength + i);
                }

                quants += SubLength;
                destination += 2 * SubLength;
            }

            source += Bytes;
        }
    }
}
