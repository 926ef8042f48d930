using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <summary>
/// Blocks of 32 values, 24 bytes: as <see cref="Q5_0Format"/>, with a binary16 minimum <c>m</c> after the scale
/// <c>d</c>; a value is <c>d × q + m</c>. See <see cref="TensorType.Q5_1"/>.
/// </summary>
public readonly partial struct Q5_1Format : ITensorFormat<Q5_1Format>, ILaneDecoder
{
    private const int Length = 32;
    private const int HalfLength = Length / 2;
    private const int HighBits = 4;
    private const int Quants = HighBits + sizeof(uint);
    private const int Bytes = Quants + HalfLength;

    /// <inheritdoc/>
    public static TensorType Type => TensorType.Q5_1;

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
        nint blocks = LaneDecoding.CountBlocks<Q5_1Format>(source.Length, destination.Length);
        for (; blocks > 0; blocks--)
        {
            float d = (float)BinaryPrimitives.ReadHalfLittleEndian(source);
            float m = (float)BinaryPrimitives.ReadHalfLittleEndian(source[2..]);
            uint high = BinaryPrimitives.ReadUInt32LittleEndian(source[HighBits..]);
            for (int i = 0; i < HalfLength; i++)
            {
                int pair = source[Quants + i];
                int first = (pair & 15) | ((int)((high >> i) & 1) << 4);
                int second = (pair >> 4) | ((int)((high >> (i + HalfLength)) & 1) << 4);
                destination[i] = (first * d) + m;
                destination[i + HalfLength] = (second * d) + m;
            }

            source = source[Bytes..];
            destination = destination[Length..];
        }
    }

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> source, Span<float> destination) =>
        LaneDecoding.Decode<Q5_1Format>(source, destination);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static unsafe void ILaneDecoder.DecodeLanes<TLanes>(byte* source, float* destination, nint blocks)
    {
        fixed (int* laneBits = LaneBits)
        {
            TLanes bits = TLanes.Load(laneBits);
            TLanes nibble = TLanes.Fill(15);
            TLanes sixteen = TLanes.Fill(16);
            for (; blocks > 0; blocks--)
            {
                TLanes d = TLanes.Fill((float)*(Half*)source);
                TLanes m = TLanes.Fill((float)*(Half*)(source + 2));
                int high = *(int*)(source + HighBits);
                for (int i = 0; i < HalfLength; i += TLanes.Count)
                {
                    TLanes pair = TLanes.LoadBytes(source + Quants + i);
                    TLanes firstSet = TLanes.Fill(high >>> i) & bits;
                    TLanes secondSet = TLanes.Fill(high >>> (i + HalfLength)) & bits;
                    TLanes first = TLanes.SelectIntegerLess(TLanes.Zero, firstSet, sixteen, TLanes.Zero);
                    TLanes second = TLanes.SelectIntegerLess(TLanes.Zero, secondSet, sixteen, TLanes.Zero);
                    ((TLanes.ToSingle((pair & nibble) | first) * d) + m).Store(destination + i);
                    ((TLanes.ToSingle((pair >>> 4) | second) * d) + m).Store(destination + HalfLength + i);
                }

                source += Bytes;
                destination += Length;
            }
        }
    }
}
