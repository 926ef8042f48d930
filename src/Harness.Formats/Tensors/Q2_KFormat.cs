using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <summary>
/// Super-blocks of 256 values, 84 bytes: 16 bytes that hold a 4-bit scale (low) and minimum (high) for each 16 values, 64
/// bytes of bit pairs, binary16 <c>d</c> and <c>dmin</c>. Each half of 128 values takes 32 bytes: value <c>32 g + i</c> of
/// the half is pair <c>g</c> of byte <c>i</c>. A value is <c>d × scale × q − dmin × minimum</c>. See
/// <see cref="TensorType.Q2_K"/>.
/// </summary>
public readonly partial struct Q2_KFormat : ITensorFormat<Q2_KFormat>, ILaneDecoder
{
    private const int Length = 256;
    private const int HalfLength = 128;
    private const int GroupLength = 32;
    private const int ScaleLength = 16;
    private const int Quants = 16;
    private const int SuperScale = Quants + 64;
    private const int Bytes = SuperScale + 4;

    /// <inheritdoc/>
    public static TensorType Type => TensorType.Q2_K;

    /// <inheritdoc/>
    public static int BlockLength => Length;

    /// <inheritdoc/>
    public static int BlockBytes => Bytes;

    /// <inheritdoc/>
    public static void DecodeScalar(ReadOnlySpan<byte> source, Span<float> destination)
    {
        nint blocks = LaneDecoding.CountBlocks<Q2_KFormat>(source.Length, destination.Length);
        for (; blocks > 0; blocks--)
        {
            float d = (float)BinaryPrimitives.ReadHalfLittleEndian(source[SuperScale..]);
            float dmin = (float)BinaryPrimitives.ReadHalfLittleEndian(source[(SuperScale + 2)..]);
            for (int value = 0; value < Length; value++)
            {
                (int half, int inHalf) = Math.DivRem(value, HalfLength);
                (int group, int i) = Math.DivRem(inHalf, GroupLength);
                int q = (source[Quants + (half * GroupLength) + i] >> (2 * group)) & 3;
                int packed = source[value / ScaleLength];
                destination[value] = (d * (packed & 15) * q) - (dmin * (packed >> 4));
            }

            source = source[Bytes..];
            destination = destination[Length..];
        }
    }

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> source, Span<float> destination) =>
        LaneDecoding.Decode<Q2_KFormat>(source, destination);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static unsafe void ILaneDecoder.DecodeLanes<TLanes>(byte* source, float* destination, nint blocks)
    {
        TLanes pair = TLanes.Fill(3);
        for (; blocks > 0; blocks--)
        {
            float d = (float)*(Half*)(source + SuperScale);
            float dmin = (float)*(Half*)(source + SuperScale + 2);
            byte* scales = source;
            for (byte* quants = source + Quants; quants < source + SuperScale; quants += GroupLength)
            {
                for (int group = 0; group < 4; group++)
                {
                    for (int run = 0; run < GroupLength; run += ScaleLength)
                    {
                        int packed = *scales++;
                        TLanes scale = TLanes.Fill(d * (packed & 15));
                        TLanes minimum = TLanes.Fill(dmin * (packed >> 4));
                        for (int i = run; i < run + ScaleLength; i += TLanes.Count)
                        {
                            TLanes q = (TLanes.LoadBytes(quants + i) >>> (2 * group)) & pair;
                            ((scale * TLanes.ToSingle(q)) - minimum).Store(destination + i);
                        }
                    }

                    destination += GroupLength;
                }
            }

            source += Bytes;
        }
    }
}
