using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <summary>
/// Super-blocks of 256 values, 82 bytes: a binary16 <c>d</c>, 32 bytes of lattice codes (<see cref="IQ2Grids.S"/>) for eight
/// values each, 32 bytes of their signs, 8 bytes of the codes' upper two bits, then a 4-bit scale for each 16 values. A
/// value is <c>d × (scale + ½) ÷ 4 × magnitude</c>, signed. See <see cref="TensorType.IQ2_S"/>.
/// </summary>
public readonly partial struct IQ2_SFormat : ITensorFormat<IQ2_SFormat>, ILaneDecoder
{
    private const int Length = 256;
    private const int ScaleLength = 16;
    private const int Quants = 2;
    private const int Signs = Quants + (Length / 8);
    private const int UpperBits = Signs + (Length / 8);
    private const int Scales = UpperBits + (Length / 32);
    private const int Bytes = Scales + (Length / 32);

    /// <inheritdoc/>
    public static TensorType Type => TensorType.IQ2_S;

    /// <inheritdoc/>
    public static int BlockLength => Length;

    /// <inheritdoc/>
    public static int BlockBytes => Bytes;

    /// <inheritdoc/>
    public static void DecodeScalar(ReadOnlySpan<byte> source, Span<float> destination)
    {
        nint blocks = LaneDecoding.CountBlocks<IQ2_SFormat>(source.Length, destination.Length);
        for (; blocks > 0; blocks--)
        {
            float d = (float)BinaryPrimitives.ReadHalfLittleEndian(source);
            for (int i = 0; i < Length; i++)
            {
                int group = i / 8;
                int code = source[Quants + group] | (((source[UpperBits + (group / 4)] >> (2 * (group % 4))) & 3) << 8);
                int nibble = (source[Scales + (i / 32)] >> (4 * (i / ScaleLength % 2))) & 15;
                destination[i] = SignBits.One(IQ2Grids.S[code], source[Signs + group], i % 8, d * (0.5f + nibble) * 0.25f);
            }

            source = source[Bytes..];
            destination = destination[Length..];
        }
    }

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> source, Span<float> destination) =>
        LaneDecoding.Decode<IQ2_SFormat>(source, destination);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static unsafe void ILaneDecoder.DecodeLanes<TLanes>(byte* source, float* destination, nint blocks)
    {
        sbyte* quants = stackalloc sbyte[ScaleLength];
        ReadOnlySpan<ulong> grid = IQ2Grids.S;
        for (; blocks > 0; blocks--)
        {
            float d = (float)*(Half*)source;
            for (int run = 0; run < Length / ScaleLength; run++)
            {
                byte* codes = source + Quants + (2 * run);
                int upper = source[UpperBits + (run / 2)] >> (4 * (run % 2));
                int nibble = (source[Scales + (run / 2)] >> (4 * (run % 2))) & 15;
                SignBits.Apply(
                    grid[codes[0] | ((upper & 3) << 8)], grid[codes[1] | ((upper & 12) << 6)], codes[Signs - Quants], codes[Signs - Quants + 1], quants);
                QuantBuffer.Scale(quants, TLanes.Fill(d * (0.5f + nibble) * 0.25f), destination, ScaleLength);
                destination += ScaleLength;
            }

            source += Bytes;
        }
    }
}
