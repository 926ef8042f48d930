using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <summary>
/// Super-blocks of 256 values, 98 bytes: a binary16 <c>d</c>, 64 bytes of lattice codes (<see cref="IQ3Grids.XXS"/>) for four
/// values each, then 4 bytes for each 32 values: four times seven sign bits (<see cref="SignBits.Even"/>), a 4-bit scale. A
/// value is <c>d × (scale + ½) ÷ 2 × magnitude</c>, signed. See <see cref="TensorType.IQ3_XXS"/>.
/// </summary>
public readonly partial struct IQ3_XXSFormat : ITensorFormat<IQ3_XXSFormat>, ILaneDecoder
{
    private const int Length = 256;
    private const int SubLength = 32;
    private const int Quants = 2;
    private const int ScalesAndSigns = Quants + (Length / 4);
    private const int Bytes = ScalesAndSigns + (Length / 8);

    /// <inheritdoc/>
    public static TensorType Type => TensorType.IQ3_XXS;

    /// <inheritdoc/>
    public static int BlockLength => Length;

    /// <inheritdoc/>
    public static int BlockBytes => Bytes;

    /// <inheritdoc/>
    public static void DecodeScalar(ReadOnlySpan<byte> source, Span<float> destination)
    {
        nint blocks = LaneDecoding.CountBlocks<IQ3_XXSFormat>(source.Length, destination.Length);
        for (; blocks > 0; blocks--)
        {
            float d = (float)BinaryPrimitives.ReadHalfLittleEndian(source);
            for (int i = 0; i < Length; i++)
            {
                uint rest = BinaryPrimitives.ReadUInt32LittleEndian(source[(ScalesAndSigns + (i / SubLength * 4))..]);
                int signs = SignBits.Even((rest >> (7 * (i / 8 % 4))) & 127) >> (i / 4 % 2 * 4);
                destination[i] = SignBits.One(IQ3Grids.XXS[source[Quants + (i / 4)]], signs, i % 4, d * (0.5f + (rest >> 28)) * 0.5f);
            }

            source = source[Bytes..];
            destination = destination[Length..];
        }
    }

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> source, Span<float> destination) =>
        LaneDecoding.Decode<IQ3_XXSFormat>(source, destination);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static unsafe void ILaneDecoder.DecodeLanes<TLanes>(byte* source, float* destination, nint blocks)
    {
        sbyte* quants = stackalloc sbyte[SubLength];
        ReadOnlySpan<uint> grid = IQ3Grids.XXS;
        for (; blocks > 0; blocks--)
        {
            float d = (float)*(Half*)source;
            for (int sub = 0; sub < Length / SubLength; sub++)
            {
                byte* codes = source + Quants + (8 * sub);
                uint rest = Unsafe.ReadUnaligned<uint>(source + ScalesAndSigns + (4 * sub));
                SignBits.Apply(
                    grid[codes[0]] | ((ulong)grid[codes[1]] << 32), grid[codes[2]] | ((ulong)grid[codes[3]] << 32),
                    SignBits.Even(rest & 127), SignBits.Even((rest >> 7) & 127), quants);
                SignBits.Apply(
                    grid[codes[4]] | ((ulong)grid[codes[5]] << 32), grid[codes[6]] | ((ulong)grid[codes[7]] << 32),
                    SignBits.Even((rest >> 14) & 127), SignBits.Even((rest >> 21) & 127), quants + 16);
                QuantBuffer.Scale(quants, TLanes.Fill(d * (0.5f + (rest >> 28)) * 0.5f), destination, SubLength);
                destination += SubLength;
            }

            source += Bytes;
        }
    }
}
