using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <summary>
/// Blocks of 32 values, 17 bytes: a power of two as its exponent plus 127 (E8M0), then 16 bytes whose low nibbles are
/// values 0–15 and whose high nibbles are values 16–31, each a 4-bit float (<see cref="E2M1"/>). The OCP Microscaling
/// format; gpt-oss is trained in it. See <see cref="TensorType.MXFP4"/>.
/// </summary>
public readonly partial struct MXFP4Format : ITensorFormat<MXFP4Format>, ILaneDecoder
{
    private const int Length = 32;
    private const int HalfLength = Length / 2;
    private const int Quants = 1;
    private const int Bytes = Quants + HalfLength;

    /// <inheritdoc/>
    public static TensorType Type => TensorType.MXFP4;

    /// <inheritdoc/>
    public static int BlockLength => Length;

    /// <inheritdoc/>
    public static int BlockBytes => Bytes;

    /// <inheritdoc/>
    public static void DecodeScalar(ReadOnlySpan<byte> source, Span<float> destination)
    {
        nint blocks = LaneDecoding.CountBlocks<MXFP4Format>(source.Length, destination.Length);
        for (; blocks > 0; blocks--)
        {
            float d = HalfScale(source[0]);
            for (int i = 0; i < HalfLength; i++)
            {
                int pair = source[Quants + i];
                destination[i] = E2M1.Doubled[pair & 15] * d;
                destination[i + HalfLength] = E2M1.Doubled[pair >> 4] * d;
            }

            source = source[Bytes..];
            destination = destination[Length..];
        }
    }

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> source, Span<float> destination) =>
        LaneDecoding.Decode<MXFP4Format>(source, destination);

    /// <summary>Half of the power of two, 2^(exponent − 128), since the codes are doubled; subnormal below 2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float HalfScale(byte exponent) =>
        BitConverter.UInt32BitsToSingle(exponent < 2 ? 0x00200000u << exponent : (uint)(exponent - 1) << 23);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static unsafe void ILaneDecoder.DecodeLanes<TLanes>(byte* source, float* destination, nint blocks)
    {
        sbyte* quants = stackalloc sbyte[Length];
        for (; blocks > 0; blocks--)
        {
            QuantBuffer.LookUp32(source + Quants, E2M1.Table, quants);
            QuantBuffer.Scale(quants, TLanes.Fill(HalfScale(*source)), destination, Length);
            source += Bytes;
            destination += Length;
        }
    }
}
