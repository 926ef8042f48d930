using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <summary>
/// 8-bit floats of the OCP FP8 specification: the upper byte of a binary16. A type of safetensors, not of GGUF. See
/// <see cref="TensorType.F8_E5M2"/>.
/// </summary>
public readonly partial struct F8_E5M2Format : ITensorFormat<F8_E5M2Format>, ILaneDecoder
{
    /// <inheritdoc/>
    public static TensorType Type => TensorType.F8_E5M2;

    /// <inheritdoc/>
    public static int BlockLength => 1;

    /// <inheritdoc/>
    public static int BlockBytes => 1;

    /// <inheritdoc/>
    public static void DecodeScalar(ReadOnlySpan<byte> source, Span<float> destination)
    {
        LaneDecoding.CountBlocks<F8_E5M2Format>(source.Length, destination.Length);
        for (int i = 0; i < source.Length; i++)
            destination[i] = One(source[i]);
    }

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> source, Span<float> destination) =>
        LaneDecoding.Decode<F8_E5M2Format>(source, destination);

    private static float One(byte code) => (float)BitConverter.UInt16BitsToHalf((ushort)(code << 8));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static unsafe void ILaneDecoder.DecodeLanes<TLanes>(byte* source, float* destination, nint blocks)
    {
        nint i = 0;
        for (; i <= blocks - TLanes.Count; i += TLanes.Count)
            HalfLanes.ToSingle(TLanes.LoadBytes(source + i) << 8).Store(destination + i);

        DecodeScalar(new(source + i, (int)(blocks - i)), new(destination + i, (int)(blocks - i)));
    }
}
