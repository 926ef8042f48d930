using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <summary>
/// Super-blocks of 256 values, 210 bytes: 128 bytes of low nibbles, 64 bytes of upper bit pairs, 16 signed scales (one
/// for each 16 values), a binary16 <c>d</c>. Each half of 128 values takes 64 bytes of nibbles and 32 of pairs: value
/// <c>32 g + i</c> of the half (g = 0…3) has the low nibble (g &lt; 2) or the high one of byte <c>32 (g mod 2) + i</c>
/// and pair <c>g</c> of byte <c>i</c>. A value is <c>d × scale × (q − 32)</c>. See <see cref="TensorType.Q6_K"/>.
/// </summary>
public readonly partial struct Q6_KFormat : ITensorFormat<Q6_KFormat>, ILaneDecoder
{
    private const int Length = 256;
    private const int HalfLength = 128;
    private const int GroupLength = 32;
    private const int ScaleLength = 16;
    private const int HighBits = 128;
    private const int Scales = HighBits + 64;
    private const int SuperScale = Scales + 16;
    private const int Bytes = SuperScale + 2;

    /// <inheritdoc/>
    public static TensorType Type => TensorType.Q6_K;

    /// <inheritdoc/>
    public static int BlockLength => Length;

    /// <inheritdoc/>
    public static int BlockBytes => Bytes;

    /// <inheritdoc/>
    public static void DecodeScalar(ReadOnlySpan<byte> source, Span<float> destination)
    {
        nint blocks = LaneDecoding.CountBlocks<Q6_KFormat>(source.Length, destination.Length);
        for (; blocks > 0; blocks--)
        {
            float d = (float)BinaryPrimitives.ReadHalfLittleEndian(source[SuperScale..]);
            for (int value = 0; value < Length; value++)
            {
                (int half, int inHalf) = Math.DivRem(value, HalfLength);
                (int group, int i) = Math.DivRem(inHalf, GroupLength);
                int low = source[(half * 64) + (group % 2 * GroupLength) + i] >> (4 * (group / 2));
                int high = source[HighBits + (half * GroupLength) + i] >> (2 * group);
                int q = ((low & 15) | ((high & 3) << 4)) - 32;
                int scale = (sbyte)source[Scales + (value / ScaleLength)];
                destination[value] = d * scale * q;
            }

            source = source[Bytes..];
            destination = destination[Length..];
        }
    }

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> source, Span<float> destination) =>
        LaneDecoding.Decode<Q6_KFormat>(source, destination);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static unsafe void ILaneDecoder.DecodeLanes<TLanes>(byte* source, float* destination, nint blocks)
    {
        TLanes nibble = TLanes.Fill(15);
        TLanes pair = TLanes.Fill(0x30);
        TLanes offset = TLanes.Fill(-32);
        for (; blocks > 0; blocks--)
        {
            float d = (float)*(Half*)(source + SuperScale);
            sbyte* scales = (sbyte*)(source + Scales);
            for (int half = 0; half < 2; half++)
            {
                byte* low = source + (half * 64);
                byte* high = source + HighBits + (half * GroupLength);
                for (int run = 0; run < GroupLength; run += ScaleLength)
                {
                    // One of the four groups' scales each: they change every 16 values.
                    TLanes scale0 = TLanes.Fill(d * scales[run / ScaleLength]);
                    TLanes scale1 = TLanes.Fill(d * scales[(run / ScaleLength) + 2]);
                    TLanes scale2 = TLanes.Fill(d * scales[(run / ScaleLength) + 4]);
                    TLanes scale3 = TLanes.Fill(d * scales[(run / ScaleLength) + 6]);
                    for (int i = run; i < run + ScaleLength; i += TLanes.Count)
                    {
                        TLanes first = TLanes.LoadBytes(low + i);
                        TLanes second = TLanes.LoadBytes(low + GroupLength + i);
                        TLanes bits = TLanes.LoadBytes(high + i);
                        TLanes q0 = TLanes.AddInteger((first & nibble) | ((bits << 4) & pair), offset);
                        TLanes q1 = TLanes.AddInteger((second & nibble) | ((bits << 2) & pair), offset);
                        TLanes q2 = TLanes.AddInteger((first >>> 4) | (bits & pair), offset);
                        TLanes q3 = TLanes.AddInteger((second >>> 4) | ((bits >>> 2) & pair), offset);
                        (scale0 * TLanes.ToSingle(q0)).Store(destination + i);
                        (scale1 * TLanes.ToSingle(q1)).Store(destination + GroupLength + i);
                        (scale2 * TLanes.ToSingle(q2)).Store(destination + (2 * GroupLength) + i);
                        (scale3 * TLanes.ToSingle(q3)).Store(destination + (3 * GroupLength) + i);
                    }
                }

                scales += 8;
                destination += HalfLength;
            }

            source += Bytes;
        }
    }
}
