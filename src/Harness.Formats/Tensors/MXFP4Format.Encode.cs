namespace Harness.Formats.Tensors;

/// <content>Encoding, as <c>quantize_row_mxfp4_ref</c> in llama.cpp's ggml-quants.c.</content>
public readonly partial struct MXFP4Format : ITensorEncoder<MXFP4Format>
{
    // The largest 4-bit float is 6, whose own exponent is 2.
    private const int LargestExponent = 2;
    private const int Bias = 127;

    /// <inheritdoc/>
    public static void Encode(ReadOnlySpan<float> source, Span<byte> destination)
    {
        int blocks = LaneDecoding.CountEncodedBlocks<MXFP4Format>(source.Length, destination.Length);
        for (; blocks > 0; blocks--)
        {
            float largest = 0;
            foreach (float value in source[..Length])
                largest = MathF.Max(largest, MathF.Abs(value));

            // Below 2^-125 the reference's exponent wraps round; the least there is serves better.
            int exponent = largest > 0 ? (int)MathF.Floor((float)Math.Log2(largest)) - LargestExponent + Bias : 0;
            destination[0] = (byte)Math.Max(0, exponent);
            float d = HalfScale(destination[0]);
            for (int i = 0; i < HalfLength; i++)
                destination[Quants + i] = (byte)(E2M1.Nearest(source[i], d) | (E2M1.Nearest(source[i + HalfLength], d) << 4));

            source = source[Length..];
            destination = destination[Bytes..];
        }
    }
}
