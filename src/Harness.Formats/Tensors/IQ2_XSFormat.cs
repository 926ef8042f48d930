using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <summary>
/// Super-blocks of 256 values, 74 bytes: a binary16 <c>d</c>, 32 16-bit words of a lattice code (9 bits,
/// <see cref="IQ2Grids.XS"/>) and seven sign bits (<see cref="SignBits.Even"/>) for eight values each, then a 4-bit scale
/// for each 16 values. A value is <c>d × (scale + ½) ÷ 4 × magnitude</c>, signed. See <see cref="TensorType.IQ2_XS"/>.
/// </summary>
public readonly partial struct IQ2_XSFormat : ITensorFormat<IQ2_XSFormat>, ILaneDecoder
{
    private const int Length = 256;
    private const int ScaleLength = 16;
    private const int Quants = 2;
    private const int Scales = Quants + (Length / 8 * 2);
    private const int Bytes = Scales + (Length / 32);

    /// <inheritdoc/>
    public static TensorType Type => TensorType.IQ2_XS;

    /// <inheritdoc/>
    public static int BlockLength => Length;

    /// <inheritdoc/>
    public static int BlockBytes => Bytes;

    /// <inheritdoc/>
    public static void DecodeScalar(ReadOnlySpan<byte> source, Span<float> destination)
    {
        nint blocks = LaneDecoding.CountBlocks<IQ2_XSFormat>(source.Length, destination.Length);
        for (; blocks > 0; blocks--)
        {
            float d = (float)BinaryPrimitives.ReadHalfLittleEndian(source);
            for (int i = 0; i < Length; i++)
            {
                uint word = BinaryPrimitives.ReadUInt16LittleEndian(source[(Quants + (i / 8 * 2))..]);
                int nibble = (source[Scales + (i / 32)] >> (4 * (i / ScaleLength % 2))) & 15;
                destination[i] = SignBits.One(IQ2Grids.XS[word & 511], SignBits.Even(word >> 9), i % 8, d * (0.5f + nibble) * 0.25f);
            }

            source = source[Bytes..];
            destination = destination[Length..];
        }
    }

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> source, Span<float> destination) =>
        LaneDecoding.Decode<IQ2_XSFormat>(source, destination);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static unsafe void ILaneDecoder.DecodeLanes<TLanes>(byte* source, float* destination, nint blocks)
    {
        sbyte* quants = stackalloc sbyte[ScaleLength];
        ReadOnlySpan<ulong> grid = IQ2Grids.XS;
        for (; blocks > 0; blocks--)
        {
            float d = (float)*(Half*)source;
            for (int run = 0; run < Length / ScaleLength; run++)
            {
                uint words = Unsafe.ReadUnaligned<uint>(source + Quants + (4 * run));
                int nibble = (source[Scales + (run / 2)] >> (4 * (run % 2))) & 15;
                SignBits.Apply(
                    grid[(int)(words & 511)], grid[(int)((words >> 16) & 511)], SignBits.Even((words >> 9) & 127), SignBits.Even(words >> 25), quants);
                QuantBuffer.Scale(quants, TLanes.Fill(d * (0.5f + nibble) * 0.25f), destination, ScaleLength);
                destination += ScaleLength;
            }

            source += Bytes;
        }
    }
}
