namespace Harness.Formats.Tensors;

/// <content>Encoding, as <c>quantize_row_q5_K_ref</c> in llama.cpp's ggml-quants.c.</content>
public readonly partial struct Q5_KFormat : ITensorEncoder<Q5_KFormat>
{
    /// <inheritdoc/>
    public static void Encode(ReadOnlySpan<float> source, Span<byte> destination)
    {
        int blocks = LaneDecoding.CountEncodedBlocks<Q5_KFormat>(source.Length, destination.Length);
        Span<byte> quants = stackalloc byte[Length];
        for (; blocks > 0; blocks--)
        {
            KQuantBlocks.Encode(source[..Length], 31, -0.5f, 15, destination, quants);
            Span<byte> highBits = destination.Slice(HighBits, SubLength);
            highBits.Clear();
            for (int value = 0; value < Length; value++)
            {
                (int sub, int i) = Math.DivRem(value, SubLength);
                ref byte packed = ref destination[Quants + (sub / 2 * SubLength) + i];
                int nibble = quants[value] & 15;
                packed = (byte)(sub % 2 == 0 ? nibble : packed | (nibble << 4));
                highBits[i] |= (byte)((quants[value] >> 4) << sub);
            }

            source = source[Length..];
            destination = destination[Bytes..];
        }
    }
}
