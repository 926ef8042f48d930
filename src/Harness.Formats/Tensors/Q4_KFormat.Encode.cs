namespace Harness.Formats.Tensors;

/// <content>Encoding, as <c>quantize_row_q4_K_ref</c> in llama.cpp's ggml-quants.c.</content>
public readonly partial struct Q4_KFormat : ITensorEncoder<Q4_KFormat>
{
    /// <inheritdoc/>
    public static void Encode(ReadOnlySpan<float> source, Span<byte> destination)
    {
        int blocks = LaneDecoding.CountEncodedBlocks<Q4_KFormat>(source.Length, destination.Length);
        Span<byte> quants = stackalloc byte[Length];
        for (; blocks > 0; blocks--)
        {
            KQuantBlocks.Encode(source[..Length], 15, -1, 20, destination, quants);
            for (int pair = 0; pair < Length / (2 * SubLength); pair++)
            {
                ReadOnlySpan<byte> low = quants.Slice(pair * 2 * SubLength, SubLength);
                ReadOnlySpan<byte> high = quants.Slice((pair * 2 * SubLength) + SubLength, SubLength);
                Span<byte> packed = destination.Slice(Quants + (pair * SubLength), SubLength);
                for (int i = 0; i < SubLength; i++) packed[i] = (byte)(low[i] | (high[i] << 4));
            }

            source = source[Length..];
            destination = destination[Bytes..];
        }
    }
}
