using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <summary>
/// Super-blocks of 256 values, 66 bytes: a binary16 <c>d</c>, then 8 bytes for each 32 values: four lattice codes
/// (<see cref="IQ2Grids.XXS"/>) of eight magnitudes each, four times seven sign bits (<see cref="SignBits.Even"/>), a 4-bit
/// scale. A value is <c>d × (scale + ½) ÷ 4 × magnitude</c>, signed. See <see cref="TensorType.IQ2_XXS"/>.
/// </summary>
public readonly partial struct IQ2_XXSFormat : ITensorFormat<IQ2_XXSFormat>, ILaneDecoder
{
    private const int Length = 256;
    private const int SubLength = 32;
    private const int Quants = 2;
    private const int SubBytes = 8;
    private const int Bytes = Quants + (Length / SubLength * SubBytes);

    /// <inheritdoc/>
    public static TensorType Type => TensorType.IQ2_XXS;

    /// <inheritdoc/>
    public static int BlockLength => Length;

    /// <inheritdoc/>
    public static int BlockBytes => Bytes;

    /// <inheritdoc/>
    public static void DecodeScalar(ReadOnlySpan<byte> source, Span<float> destination)
    {
        nint blocks = LaneDecoding.CountBlocks<IQ2_XXSFormat>(source.Length, destination.Length);
        for (; blocks > 0; blocks--)
        {
            float d = (float)BinaryPrimitives.ReadHalfLittleEndian(source);
            for (int sub = 0; sub < Length / SubLength; sub++)
            {
                uint codes = BinaryPrimitives.ReadUInt32LittleEndian(source[(Quants + (sub * SubBytes))..]);
                uint rest = BinaryPrimitives.ReadUInt32LittleEndian(source[(Quants + (sub * SubBytes) + 4)..]);
                float scale = d * (0.5f + (rest >> 28)) * 0.25f;
                for (int i = 0; i < SubLength; i++)
                {
                    ulong group = IQ2Grids.XXS[(byte)(codes >> (i / 8 * 8))];
                    int signs = SignBits.Even((rest >> (7 * (i / 8))) & 127);
                    destination[(sub * SubLength) + i] = SignBits.One(group, signs, i % 8, scale);
                }
            }

            source = source[Bytes..];
            destination = destination[Length..];
        }
    }

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> source, Span<float> destination) =>
        LaneDecoding.Decode<IQ2_XXSFormat>(source, destination);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static unsafe void ILaneDecoder.DecodeLanes<TLanes>(byte* source, float* destination, nint blocks)
    {
        sbyte* quants = stackalloc sbyte[SubLength];
        ReadOnlySpan<ulong> grid = IQ2Grids.XXS;
        for (; blocks > 0; blocks--)
        {
            float d = (float)*(Half*)source;
            for (byte* sub = source + Quants; sub < source + Bytes; sub += SubBytes)
            {
                uint rest = Unsafe.ReadUnaligned<uint>(sub + 4);
                SignBits.Apply(grid[sub[0]], grid[sub[1]], SignBits.Even(rest & 127), SignBits.Even((rest >> 7) & 127), quants);
                SignBits.Apply(grid[sub[2]], grid[sub[3]], SignBits.Even((rest >> 14) & 127), SignBits.Even((rest >> 21) & 127), quants + 16);
                QuantBuffer.Scale(quants, TLanes.Fill(d * (0.5f + (rest >> 28)) * 0.25f), destination, SubLength);
                destination += SubLength;
            }

            source += Bytes;
        }
    }
}
