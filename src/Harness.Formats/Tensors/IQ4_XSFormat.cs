using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <summary>
/// Super-blocks of 256 values, 136 bytes: a binary16 <c>d</c>, eight 6-bit scales less 32 (16 bits of upper pairs, then 4
/// bytes of low nibbles), then 128 bytes of nibbles: each 16 bytes hold 32 values as <see cref="TensorType.IQ4_NL"/> does.
/// A value is <c>d × scale</c> times a level (<see cref="IQ4Levels"/>). See <see cref="TensorType.IQ4_XS"/>.
/// </summary>
public readonly partial struct IQ4_XSFormat : ITensorFormat<IQ4_XSFormat>, ILaneDecoder
{
    private const int Length = 256;
    private const int SubLength = 32;
    private const int HalfLength = SubLength / 2;
    private const int UpperScales = 2;
    private const int LowerScales = 4;
    private const int Quants = 8;
    private const int Bytes = Quants + (Length / 2);

    /// <inheritdoc/>
    public static TensorType Type => TensorType.IQ4_XS;

    /// <inheritdoc/>
    public static int BlockLength => Length;

    /// <inheritdoc/>
    public static int BlockBytes => Bytes;

    /// <inheritdoc/>
    public static void DecodeScalar(ReadOnlySpan<byte> source, Span<float> destination)
    {
        nint blocks = LaneDecoding.CountBlocks<IQ4_XSFormat>(source.Length, destination.Length);
        for (; blocks > 0; blocks--)
        {
            float d = (float)BinaryPrimitives.ReadHalfLittleEndian(source);
            for (int sub = 0; sub < Length / SubLength; sub++)
            {
                float scale = d * Scale(source, sub);
                for (int i = 0; i < HalfLength; i++)
                {
                    int pair = source[Quants + (sub * HalfLength) + i];
                    destination[(sub * SubLength) + i] = scale * IQ4Levels.Values[pair & 15];
                    destination[(sub * SubLength) + HalfLength + i] = scale * IQ4Levels.Values[pair >> 4];
                }
            }

            source = source[Bytes..];
            destination = destination[Length..];
        }
    }

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> source, Span<float> destination) =>
        LaneDecoding.Decode<IQ4_XSFormat>(source, destination);

    private static int Scale(ReadOnlySpan<byte> block, int sub)
    {
        int low = (block[LowerScales + (sub / 2)] >> (4 * (sub % 2))) & 15;
        int high = (block[UpperScales + (sub / 4)] >> (2 * (sub % 4))) & 3;
        return (low | (high << 4)) - 32;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static unsafe void ILaneDecoder.DecodeLanes<TLanes>(byte* source, float* destination, nint blocks)
    {
        sbyte* quants = stackalloc sbyte[SubLength];
        for (; blocks > 0; blocks--)
        {
            float d = (float)*(Half*)source;
            ReadOnlySpan<byte> block = new(source, Quants);
            for (int sub = 0; sub < Length / SubLength; sub++)
            {
                QuantBuffer.LookUp32(source + Quants + (sub * HalfLength), IQ4Levels.Table, quants);
                QuantBuffer.Scale(quants, TLanes.Fill(d * Scale(block, sub)), destination, SubLength);
                destination += SubLength;
            }

            source += Bytes;
        }
    }
}
