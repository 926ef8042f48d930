namespace Harness.Formats.Tensors;

/// <content>Encoding: to nearest, ties to even, as the OCP FP8 specification's saturating mode.</content>
public readonly partial struct F8_E5M2Format : ITensorEncoder<F8_E5M2Format>
{
    /// <inheritdoc/>
    public static void Encode(ReadOnlySpan<float> source, Span<byte> destination)
    {
        LaneDecoding.CountEncodedBlocks<F8_E5M2Format>(source.Length, destination.Length);
        for (int i = 0; i < source.Length; i++)
            destination[i] = One(source[i]);
    }

    // The largest is 57344; what is beyond it becomes that, as quantizers of weights do. Below 2^-14 values are multiples of 2^-16.
    private static byte One(float value)
    {
        if (float.IsNaN(value)) return 0x7F;
        float magnitude = MathF.Min(MathF.Abs(value), 57344);
        uint bits = BitConverter.SingleToUInt32Bits(magnitude);
        uint code = magnitude < 1 / 16384f
            ? (uint)MathF.Round(magnitude * 65536)
            : ((bits + 0xFFFFF + ((bits >> 21) & 1)) >> 21) - ((127 - 15) << 2);
        return (byte)(code | (float.IsNegative(value) ? 0x80u : 0));
    }
}
