namespace Harness.Formats.Tensors;

/// <content>Encoding: to nearest, ties to even, as the OCP FP8 specification's saturating mode.</content>
public readonly partial struct F8_E4M3Format : ITensorEncoder<F8_E4M3Format>
{
    /// <inheritdoc/>
    public static void Encode(ReadOnlySpan<float> source, Span<byte> destination)
    {
        LaneDecoding.CountEncodedBlocks<F8_E4M3Format>(source.Length, destination.Length);
        for (int i = 0; i < source.Length; i++)
            destination[i] = One(source[i]);
    }

    // The largest is 448; what is beyond it becomes that, as quantizers of weights do. Below 2^-6 values are multiples of 2^-9.
    private static byte One(float value)
    {
        if (float.IsNaN(value)) return 0x7F;
        float magnitude = MathF.Min(MathF.Abs(value), 448);
        uint bits = BitConverter.SingleToUInt32Bits(magnitude);
        uint code = magnitude < 1 / 64f
            ? (uint)MathF.Round(magnitude * 512)
            : ((bits + 0x7FFFF + ((bits >> 20) & 1)) >> 20) - ((127 - 7) << 3);
        return (byte)(code | (float.IsNegative(value) ? 0x80u : 0));
    }
}
