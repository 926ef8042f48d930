using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <summary>
/// Super-blocks of 256 values, 110 bytes: a binary16 <c>d</c>, 64 bytes of lattice codes (<see cref="IQ3Grids.S"/>) for four
/// values each, 8 bytes of their upper bits, 32 bytes of signs, then a 4-bit scale for each 32 values. A value is
/// <c>d × (2 × scale + 1) × magnitude</c>, signed. See <see cref="TensorType.IQ3_S"/>.
/// </summary>
public readonly partial struct IQ3_SFormat : ITensorFormat<IQ3_SFormat>, ILaneDecoder
{
    private const int Length = 256;
    private const int SubLength = 32;
    private const int Quants = 2;
    private const int UpperBits = Quants + (Length / 4);
    private const int Signs = UpperBits + (Length / 32);
    private const int Scales = Signs + (Length / 8);
    private const int Bytes = Scales + (Length / 64);

    /// <inheritdoc/>
    public static TensorType Type => TensorType.IQ3_S;

    /// <inheritdoc/>
    public static int BlockLength => Length;

    /// <inheritdoc/>
    public static int BlockBytes => Bytes;

    /// <inheritdoc/>
    public static void DecodeScalar(ReadOnlySpan<byte> source, Span<float> destination)
    {
        nint blocks = LaneDecoding.CountBlocks<IQ3_SFormat>(source.Length, destination.Length);
        for (; blocks > 0; blocks--)
        {
            float d = (float)BinaryPrimitives.ReadHalfLittleEndian(source);
            for (int i = 0; i < Length; i++)
            {
                int sub = i / SubLength;
                int code = source[Quants + (i / 4)] | (((source[UpperBits + sub] >> (i / 4 % 8)) & 1) << 8);
                int nibble = (source[Scales + (sub / 2)] >> (4 * (sub % 2))) & 15;
                int signs = source[Signs + (i / 8)] >> (i / 4 % 2 * 4);
                destination[i] = SignBits.One(IQ3Grids.S[code], signs, i % 4, d * (1 + (2 * nibble)));
            }

            source = source[Bytes..];
            destination = destination[Length..];
        }
    }

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> source, Span<float> destination) =>
        LaneDecoding.Decode<IQ3_SFormat>(source, destination);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static unsafe void ILaneDecoder.DecodeLanes<TLanes>(byte* source, float* destination, nint blocks)
    {
        sbyte* quants = stackalloc sbyte[SubLength];
        ReadOnlySpan<uint> grid = IQ3Grids.S;
        for (; blocks > 0; blocks--)
        {
            float d = (float)*(Half*)source;
            for (int sub = 0; sub < Length / SubLength; sub++)
            {
                byte* codes = source + Quants + (8 * sub);
                byte* signs = source + Signs + (4 * sub);
                int upper = source[UpperBits + sub];
                int nibble = (source[Scales + (sub / 2)] >> (4 * (sub % 2))) & 15;
                for (int half = 0; half < 2; half++)
                {
                    ulong low = grid[codes[0] | ((upper & 1) << 8)] | ((ulong)grid[codes[1] | ((upper & 2) << 7)] << 32);
                    ulong high = grid[codes[2] | ((upper & 4) << 6)] | ((ulong)grid[codes[3] | ((upper & 8) << 5)] << 32);
                    SignBits.Apply(low, high, signs[0], signs[1], quants + (16 * half));
                    codes += 4;
                    signs += 2;
                    upper >>= 4;
                }

                QuantBuffer.Scale(quants, TLanes.Fill(d * (1 + (2 * nibble))), destination, SubLength);
                destination += SubLength;
            }

            source += Bytes;
        }
    }
}
