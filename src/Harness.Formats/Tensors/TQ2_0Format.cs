using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <summary>
/// Super-blocks of 256 values, 66 bytes: 64 bytes of bit pairs, then a binary16 <c>d</c>. Value <c>128 h + 32 g + i</c> is
/// pair <c>g</c> of byte <c>32 h + i</c>; it is <c>d × (q − 1)</c>, with q of 0, 1 or 2: a ternary model's weights. See
/// <see cref="TensorType.TQ2_0"/>.
/// </summary>
public readonly partial struct TQ2_0Format : ITensorFormat<TQ2_0Format>, ILaneDecoder
{
    private const int Length = 256;
    private const int HalfLength = 128;
    private const int GroupLength = 32;
    private const int SuperScale = 64;
    private const int Bytes = SuperScale + 2;

    /// <inheritdoc/>
    public static TensorType Type => TensorType.TQ2_0;

    /// <inheritdoc/>
    public static int BlockLength => Length;

    /// <inheritdoc/>
    public static int BlockBytes => Bytes;

    /// <inheritdoc/>
    public static void DecodeScalar(ReadOnlySpan<byte> source, Span<float> destination)
    {
        nint blocks = LaneDecoding.CountBlocks<TQ2_0Format>(source.Length, destination.Length);
        for (; blocks > 0; blocks--)
        {
            float d = (float)BinaryPrimitives.ReadHalfLittleEndian(source[SuperScale..]);
            for (int value = 0; value < Length; value++)
            {
                (int half, int inHalf) = Math.DivRem(value, HalfLength);
                (int group, int i) = Math.DivRem(inHalf, GroupLength);
                int q = (source[(half * GroupLength) + i] >> (2 * group)) & 3;
                destination[value] = (q - 1) * d;
            }

            source = source[Bytes..];
            destination = destination[Length..];
        }
    }

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> source, Span<float> destination) =>
        LaneDecoding.Decode<TQ2_0Format>(source, destination);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static unsafe void ILaneDecoder.DecodeLanes<TLanes>(byte* source, float* destination, nint blocks)
    {
        TLanes pair = TLanes.Fill(3);
        TLanes offset = TLanes.Fill(-1);
        for (; blocks > 0; blocks--)
        {
            TLanes d = TLanes.Fill((float)*(Half*)(source + SuperScale));
            for (int group = 0; group < Length / GroupLength; group++)
            {
                byte* quants = source + (group / 4 * GroupLength);
                for (int i = 0; i < GroupLength; i += TLanes.Count)
                {
                    TLanes q = (TLanes.LoadBytes(quants + i) >>> (2 * (group % 4))) & pair;
                    (TLanes.ToSingle(TLanes.AddInteger(q, offset)) * d).Store(destination + i);
                }

                destination += GroupLength;
            }

            source += Bytes;
        }
    }
}
