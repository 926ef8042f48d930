using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <summary>
/// Blocks of 32 values, 22 bytes: a binary16 scale <c>d</c>, 32 fifth bits (bit i for value i), then 16 bytes whose low
/// nibbles are values 0–15 and whose high nibbles are values 16–31; a value is <c>d × (q − 16)</c>. Stands in for
/// K-quants where rows are no multiple of 256. See <see cref="TensorType.Q5_0"/>.
/// </summary>
public readonly partial struct Q5_0Format : ITensorFormat<Q5_0Format>, ILaneDecoder
{
    private const int Length = 32;
    private const int HalfLength = Length / 2;
    private const int HighBits = 2;
    private const int Quants = HighBits + sizeof(uint);
    private const int Bytes = Quants + HalfLength;

    /// <inheritdoc/>
    public static TensorType Type => TensorType.Q5_0;

    /// <inheritdoc/>
    public static int BlockLength => Length;

    /// <inheritdoc/>
    public static int BlockBytes => Bytes;

    // One bit a lane, for the widest register.
    private static ReadOnlySpan<int> LaneBits =>
        [1, 1 << 1, 1 << 2, 1 << 3, 1 << 4, 1 << 5, 1 << 6, 1 << 7, 1 << 8, 1 << 9, 1 << 10, 1 << 11, 1 << 12, 1 << 13, 1 << 14, 1 << 15];

    /// <inheritdoc/>
    public static void DecodeScalar(ReadOnlySpan<byte> source, Span<float> destination)
    {
        nint blocks = LaneDecoding.CountBlocks<Q5_0Format>(source.Length, destination.Length);
        for (; blocks > 0; blocks--)
        {
            float d = (float)BinaryPrimitives.ReadHalfLittleEndian(source);
            uint high = BinaryPrimitives.ReadUInt32LittleEndian(source[HighBits..]);
            for (int i = 0; i < HalfLength; i++)
            {
                int pair = source[Quants + i];
                int first = (pair & 15) | ((int)((high >> i) & 1) << 4);
                int second = (pair >> 4) | ((int)((high >> (i + HalfLength)) & 1) << 4);
                destination[i] = (first - 16) * d;
                destination[i + HalfLength] = (second - 16) * d;
            }

            source = source[Bytes..];
            destination = destination[Length..];
        }
    }

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> source, Span<float> destination) =>
        LaneDecoding.Decode<Q5_0Format>(source, destination);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static unsafe void ILaneDecoder.DecodeLanes<TLanes>(byte* source, float* destination, nint blocks)
    {
        fixed (int* laneBits = LaneBits)
        {
            TLanes bits = TLanes.Load(laneBits);
            TLanes nibble = TLanes.Fill(15);
            TLanes unset = TLanes.Fill(-16);
            for (; blocks > 0; blocks--)
            {
                TLanes d = TLanes.Fill((float)*(Half*)source);
                int high = *(int*)(source + HighBits);
                for (int i = 0; i < HalfLength; i += TLanes.Count)
                {
                    // The fifth bit is worth 16, which is also the offset: set, nothing is taken away.
                    TLanes pair = TLanes.LoadBytes(source + Quants + i);
                    TLanes firstSet = TLanes.Fill(high >>> i) & bits;
                    TLanes secondSet = TLanes.Fill(high >>> (i + HalfLength)) & bits;
                    TLanes first = TLanes.SelectIntegerLess(TLanes.Zero, firstSet, TLanes.Zero, unset);
                    TLanes second = TLanes.SelectIntegerLess(TLanes.Zero, secondSet, TLanes.Zero, unset);
                    (TLanes.ToSingle(TLanes.AddInteger(pair & nibble, first)) * d).Store(destination + i);
                    (TLanes.ToSingle(TLanes.AddInteger(pair >>> 4, second)) * d).Store(destination + HalfLength + i);
                }

                source += Bytes;
                destination += Length;
            }
        }
    }
}
