using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <summary>
/// Super-blocks of 256 values, 50 bytes: a binary16 <c>d</c>, 32 bytes of lattice codes (<see cref="IQ1Grid"/>) for eight
/// values each, then a 16-bit word for each 32 values: four times the codes' upper three bits, a 3-bit scale, and whether
/// the values move an eighth down, not up. A value is <c>d × (2 × scale + 1) × (lattice ± ⅛)</c>. See
/// <see cref="TensorType.IQ1_S"/>.
/// </summary>
public readonly partial struct IQ1_SFormat : ITensorFormat<IQ1_SFormat>, ILaneDecoder
{
    private const int Length = 256;
    private const int SubLength = 32;
    private const int Quants = 2;
    private const int Words = Quants + (Length / 8);
    private const int Bytes = Words + (Length / SubLength * 2);

    /// <inheritdoc/>
    public static TensorType Type => TensorType.IQ1_S;

    /// <inheritdoc/>
    public static int BlockLength => Length;

    /// <inheritdoc/>
    public static int BlockBytes => Bytes;

    /// <inheritdoc/>
    public static void DecodeScalar(ReadOnlySpan<byte> source, Span<float> destination)
    {
        nint blocks = LaneDecoding.CountBlocks<IQ1_SFormat>(source.Length, destination.Length);
        for (; blocks > 0; blocks--)
        {
            float d = (float)BinaryPrimitives.ReadHalfLittleEndian(source);
            for (int i = 0; i < Length; i++)
            {
                int word = BinaryPrimitives.ReadUInt16LittleEndian(source[(Words + (i / SubLength * 2))..]);
                int code = source[Quants + (i / 8)] | (((word >> (3 * (i / 8 % 4))) & 7) << 8);
                ulong group = ((word & 0x8000) != 0 ? IQ1Grid.Down : IQ1Grid.Up)[code];
                destination[i] = d * ((2 * ((word >> 12) & 7)) + 1) * ((sbyte)(group >> (8 * (i % 8))) / 8f);
            }

            source = source[Bytes..];
            destination = destination[Length..];
        }
    }

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> source, Span<float> destination) =>
        LaneDecoding.Decode<IQ1_SFormat>(source, destination);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static unsafe void ILaneDecoder.DecodeLanes<TLanes>(byte* source, float* destination, nint blocks)
    {
        ulong* groups = stackalloc ulong[SubLength / 8];
        for (; blocks > 0; blocks--)
        {
            float d = (float)*(Half*)source;
            byte* codes = source + Quants;
            for (int sub = 0; sub < Length / SubLength; sub++)
            {
                int word = Unsafe.ReadUnaligned<ushort>(source + Words + (2 * sub));
                ReadOnlySpan<ulong> grid = (word & 0x8000) != 0 ? IQ1Grid.Down : IQ1Grid.Up;
                groups[0] = grid[codes[0] | ((word & 7) << 8)];
                groups[1] = grid[codes[1] | (((word >> 3) & 7) << 8)];
                groups[2] = grid[codes[2] | (((word >> 6) & 7) << 8)];
                groups[3] = grid[codes[3] | (((word >> 9) & 7) << 8)];

                // The groups are held eightfold; an eighth of the scale is exact.
                float scale = d * ((2 * ((word >> 12) & 7)) + 1) * 0.125f;
                QuantBuffer.Scale((sbyte*)groups, TLanes.Fill(scale), destination, SubLength);
                codes += 4;
                destination += SubLength;
            }

            source += Bytes;
        }
    }
}
