using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <summary>
/// Blocks of 64 values, 36 bytes: four unsigned 8-bit floats (<see cref="UE4M3"/>), a scale for each 16 values, then 32
/// bytes of 4-bit floats (<see cref="E2M1"/>): each 8 bytes hold 16 values, the first eight in their low nibbles. See
/// <see cref="TensorType.NVFP4"/>.
/// </summary>
public readonly partial struct NVFP4Format : ITensorFormat<NVFP4Format>, ILaneDecoder
{
    private const int Length = 64;
    private const int SubLength = 16;
    private const int HalfLength = SubLength / 2;
    private const int Quants = 4;
    private const int Bytes = Quants + (Length / 2);

    /// <inheritdoc/>
    public static TensorType Type => TensorType.NVFP4;

    /// <inheritdoc/>
    public static int BlockLength => Length;

    /// <inheritdoc/>
    public static int BlockBytes => Bytes;

    /// <inheritdoc/>
    public static void DecodeScalar(ReadOnlySpan<byte> source, Span<float> destination)
    {
        nint blocks = LaneDecoding.CountBlocks<NVFP4Format>(source.Length, destination.Length);
        for (; blocks > 0; blocks--)
        {
            for (int sub = 0; sub < Length / SubLength; sub++)
            {
                float d = UE4M3.Half(source[sub]);
                for (int i = 0; i < HalfLength; i++)
                {
                    int pair = source[Quants + (sub * HalfLength) + i];
                    destination[(sub * SubLength) + i] = E2M1.Doubled[pair & 15] * d;
                    destination[(sub * SubLength) + HalfLength + i] = E2M1.Doubled[pair >> 4] * d;
                }
            }

            source = source[Bytes..];
            destination = destination[Length..];
        }
    }

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> source, Span<float> destination) =>
        LaneDecoding.Decode<NVFP4Format>(source, destination);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static unsafe void ILaneDecoder.DecodeLanes<TLanes>(byte* source, float* destination, nint blocks)
    {
        sbyte* quants = stackalloc sbyte[SubLength];
        for (; blocks > 0; blocks--)
        {
            for (int sub = 0; sub < Length / SubLength; sub++)
            {
                QuantBuffer.LookUp16(source + Quants + (sub * HalfLength), E2M1.Table, quants);
                QuantBuffer.Scale(quants, TLanes.Fill(UE4M3.Half(source[sub])), destination, SubLength);
                destination += SubLength;
            }

            source += Bytes;
        }
    }
}
