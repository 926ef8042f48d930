using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <summary>
/// Blocks of 32 values, 18 bytes: a binary16 scale <c>d</c>, then 16 bytes whose low nibbles are values 0–15 and whose high
/// nibbles are values 16–31; a value is <c>d</c> times one of 16 unevenly spaced levels (<see cref="IQ4Levels"/>). See
/// <see cref="TensorType.IQ4_NL"/>.
/// </summary>
public readonly partial struct IQ4_NLFormat : ITensorFormat<IQ4_NLFormat>, ILaneDecoder
{
    private const int Length = 32;
    private const int HalfLength = Length / 2;
    private const int Quants = 2;
    private const int Bytes = Quants + HalfLength;

    /// <inheritdoc/>
    public static TensorType Type => TensorType.IQ4_NL;

    /// <inheritdoc/>
    public static int BlockLength => Length;

    /// <inheritdoc/>
    public static int BlockBytes => Bytes;

    /// <inheritdoc/>
    public static void DecodeScalar(ReadOnlySpan<byte> source, Span<float> destination)
    {
        nint blocks = LaneDecoding.CountBlocks<IQ4_NLFormat>(source.Length, destination.Length);
        for (; blocks > 0; blocks--)
        {
            float d = (float)BinaryPrimitives.ReadHalfLittleEndian(source);
            for (int i = 0; i < HalfLength; i++)
            {
                int pair = source[Quants + i];
                destination[i] = d * IQ4Levels.Values[pair & 15];
                destination[i + HalfLength] = d * IQ4Levels.Values[pair >> 4];
            }

            source = source[Bytes..];
            destination = destination[Length..];
        }
    }

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> source, Span<float> destination) =>
        LaneDecoding.Decode<IQ4_NLFormat>(source, destination);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static unsafe void ILaneDecoder.DecodeLanes<TLanes>(byte* source, float* destination, nint blocks)
    {
        sbyte* quants = stackalloc sbyte[Length];
        for (; blocks > 0; blocks--)
        {
            QuantBuffer.LookUp32(source + Quants, IQ4Levels.Table, quants);
            QuantBuffer.Scale(quants, TLanes.Fill((float)*(Half*)source), destination, Length);
            source += Bytes;
            destination += Length;
        }
    }
}
