using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <summary>
/// Super-blocks of 256 values, 110 bytes: 32 bytes of upper bits, 64 bytes of bit pairs, 12 bytes of 6-bit scales less 32
/// for each 16 values (<see cref="Q3KScales"/>), a binary16 <c>d</c>. Value <c>128 h + 32 g + i</c> has pair <c>g</c> of
/// byte <c>32 h + i</c> and upper bit <c>4 h + g</c> of byte <c>i</c>. A value is <c>d × scale × (q − 4)</c>. See
/// <see cref="TensorType.Q3_K"/>.
/// </summary>
public readonly partial struct Q3_KFormat : ITensorFormat<Q3_KFormat>, ILaneDecoder
{
    private const int Length = 256;
    private const int HalfLength = 128;
    private const int GroupLength = 32;
    private const int ScaleLength = 16;
    private const int Quants = 32;
    private const int Scales = Quants + 64;
    private const int SuperScale = Scales + Q3KScales.Bytes;
    private const int Bytes = SuperScale + 2;

    /// <inheritdoc/>
    public static TensorType Type => TensorType.Q3_K;

    /// <inheritdoc/>
    public static int BlockLength => Length;

    /// <inheritdoc/>
    public static int BlockBytes => Bytes;

    /// <inheritdoc/>
    public static void DecodeScalar(ReadOnlySpan<byte> source, Span<float> destination)
    {
        nint blocks = LaneDecoding.CountBlocks<Q3_KFormat>(source.Length, destination.Length);
        for (; blocks > 0; blocks--)
        {
            float d = (float)BinaryPrimitives.ReadHalfLittleEndian(source[SuperScale..]);
            ReadOnlySpan<byte> scales = source.Slice(Scales, Q3KScales.Bytes);
            for (int value = 0; value < Length; value++)
            {
                (int half, int inHalf) = Math.DivRem(value, HalfLength);
                (int group, int i) = Math.DivRem(inHalf, GroupLength);
                int low = (source[Quants + (half * GroupLength) + i] >> (2 * group)) & 3;
                int high = (source[i] >> ((4 * half) + group)) & 1;
                destination[value] = d * Q3KScales.Scale(scales, value / ScaleLength) * (low + (4 * high) - 4);
            }

            source = source[Bytes..];
            destination = destination[Length..];
        }
    }

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> source, Span<float> destination) =>
        LaneDecoding.Decode<Q3_KFormat>(source, destination);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static unsafe void ILaneDecoder.DecodeLanes<TLanes>(byte* source, float* destination, nint blocks)
    {
        TLanes pair = TLanes.Fill(3);
        TLanes upper = TLanes.Fill(4);
        TLanes offset = TLanes.Fill(-4);
        for (; blocks > 0; blocks--)
        {
            float d = (float)*(Half*)(source + SuperScale);
            ReadOnlySpan<byte> scales = new(source + Scales, Q3KScales.Bytes);
            for (int group = 0; group < Length / GroupLength; group++)
            {
                byte* quants = source + Quants + (group / 4 * GroupLength);
                for (int run = 0; run < GroupLength; run += ScaleLength)
                {
                    TLanes scale = TLanes.Fill(d * Q3KScales.Scale(scales, (2 * group) + (run / ScaleLength)));
                    for (int i = run; i < run + ScaleLength; i += TLanes.Count)
                    {
                        TLanes low = (TLanes.LoadBytes(quants + i) >>> (2 * (group % 4))) & pair;
                        TLanes high = ((TLanes.LoadBytes(source + i) >>> group) << 2) & upper;
                        (scale * TLanes.ToSingle(TLanes.AddInteger(low | high, offset))).Store(destination + i);
                    }
                }

                destination += GroupLength;
            }

            source += Bytes;
        }
    }
}
