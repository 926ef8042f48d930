using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <summary>
/// Super-blocks of 256 values, 56 bytes: 32 bytes of lattice codes (<see cref="IQ1Grid"/>) for eight values each, 16 bytes
/// of nibbles with the codes' upper three bits and whether the eight values move an eighth down, not up, then four 16-bit
/// words of four 3-bit scales, for 16 values each; their uppermost nibbles are the binary16 <c>d</c>. A value is
/// <c>d × (2 × scale + 1) × (lattice ± ⅛)</c>. See <see cref="TensorType.IQ1_M"/>.
/// </summary>
public readonly partial struct IQ1_MFormat : ITensorFormat<IQ1_MFormat>, ILaneDecoder
{
    private const int Length = 256;
    private const int ScaleLength = 16;
    private const int UpperBits = Length / 8;
    private const int Scales = UpperBits + (Length / 16);
    private const int Bytes = Scales + (Length / 32);

    /// <inheritdoc/>
    public static TensorType Type => TensorType.IQ1_M;

    /// <inheritdoc/>
    public static int BlockLength => Length;

    /// <inheritdoc/>
    public static int BlockBytes => Bytes;

    /// <inheritdoc/>
    public static void DecodeScalar(ReadOnlySpan<byte> source, Span<float> destination)
    {
        nint blocks = LaneDecoding.CountBlocks<IQ1_MFormat>(source.Length, destination.Length);
        for (; blocks > 0; blocks--)
        {
            float d = SuperScale(BinaryPrimitives.ReadUInt64LittleEndian(source[Scales..]));
            for (int i = 0; i < Length; i++)
            {
                int upper = source[UpperBits + (i / 16)] >> (4 * (i / 8 % 2));
                int code = source[i / 8] | ((upper & 7) << 8);
                ulong group = ((upper & 8) != 0 ? IQ1Grid.Down : IQ1Grid.Up)[code];
                int run = i / ScaleLength;
                int scale = (BinaryPrimitives.ReadUInt16LittleEndian(source[(Scales + (run / 4 * 2))..]) >> (3 * (run % 4))) & 7;
                destination[i] = d * ((2 * scale) + 1) * ((sbyte)(group >> (8 * (i % 8))) / 8f);
            }

            source = source[Bytes..];
            destination = destination[Length..];
        }
    }

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> source, Span<float> destination) =>
        LaneDecoding.Decode<IQ1_MFormat>(source, destination);

    private static float SuperScale(ulong words)
    {
        ulong bits = ((words >> 12) & 0x000F) | ((words >> 24) & 0x00F0) | ((words >> 36) & 0x0F00) | ((words >> 48) & 0xF000);
        return (float)BitConverter.UInt16BitsToHalf((ushort)bits);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static unsafe void ILaneDecoder.DecodeLanes<TLanes>(byte* source, float* destination, nint blocks)
    {
        ulong* groups = stackalloc ulong[ScaleLength / 8];
        ReadOnlySpan<ulong> up = IQ1Grid.Up, down = IQ1Grid.Down;
        for (; blocks > 0; blocks--)
        {
            float d = SuperScale(Unsafe.ReadUnaligned<ulong>(source + Scales));
            for (int run = 0; run < Length / ScaleLength; run++)
            {
                int upper = source[UpperBits + run];
                int first = source[2 * run] | ((upper & 7) << 8), second = source[(2 * run) + 1] | ((upper & 0x70) << 4);
                groups[0] = (upper & 0x08) != 0 ? down[first] : up[first];
                groups[1] = (upper & 0x80) != 0 ? down[second] : up[second];
                int scale = (Unsafe.ReadUnaligned<ushort>(source + Scales + (run / 4 * 2)) >> (3 * (run % 4))) & 7;

                // The groups are held eightfold; an eighth of the scale is exact.
                QuantBuffer.Scale((sbyte*)groups, TLanes.Fill(d * ((2 * scale) + 1) * 0.125f), destination, ScaleLength);
                destination += ScaleLength;
            }

            source += Bytes;
        }
    }
}
