using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <summary>
/// 8-bit floats of the OCP FP8 specification: a sign, four bits of exponent (bias 7), three of mantissa; no infinities, all
/// ones is NaN, the largest is 448. A type of safetensors, not of GGUF. See <see cref="TensorType.F8_E4M3"/>.
/// </summary>
public readonly partial struct F8_E4M3Format : ITensorFormat<F8_E4M3Format>, ILaneDecoder
{
    /// <inheritdoc/>
    public static TensorType Type => TensorType.F8_E4M3;

    /// <inheritdoc/>
    public static int BlockLength => 1;

    /// <inheritdoc/>
    public static int BlockBytes => 1;

    /// <inheritdoc/>
    public static void DecodeScalar(ReadOnlySpan<byte> source, Span<float> destination)
    {
        LaneDecoding.CountBlocks<F8_E4M3Format>(source.Length, destination.Length);
        for (int i = 0; i < source.Length; i++)
            destination[i] = One(source[i]);
    }

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> source, Span<float> destination) =>
        LaneDecoding.Decode<F8_E4M3Format>(source, destination);

    private static float One(byte code)
    {
        int magnitude = code & 0x7F;
        float value = magnitude == 0x7F ? float.NaN
            : magnitude < 8 ? magnitude / 512f
            : BitConverter.Int32BitsToSingle((magnitude << 20) + ((127 - 7) << 23));
        return (code & 0x80) != 0 ? -value : value;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static unsafe void ILaneDecoder.DecodeLanes<TLanes>(byte* source, float* destination, nint blocks)
    {
        nint i = 0;
        for (; i <= blocks - TLanes.Count; i += TLanes.Count)
        {
            TLanes codes = TLanes.LoadBytes(source + i);
            TLanes magnitude = codes & TLanes.Fill(0x7F);
            TLanes normal = TLanes.AddInteger(magnitude << 20, TLanes.Fill((127 - 7) << 23));
            TLanes subnormal = TLanes.ToSingle(magnitude) * TLanes.Fill(1 / 512f);
            TLanes value = TLanes.SelectIntegerLess(magnitude, TLanes.Fill(8), subnormal, normal);
            value = TLanes.SelectIntegerLess(magnitude, TLanes.Fill(0x7F), value, TLanes.Fill(float.NaN));
            (value | ((codes & TLanes.Fill(0x80)) << 24)).Store(destination + i);
        }

        DecodeScalar(new(source + i, (int)(blocks - i)), new(destination + i, (int)(blocks - i)));
    }
}
