namespace Harness.Formats.Tensors;

/// <content>Encoding, as <c>quantize_row_nvfp4_ref</c> in llama.cpp's ggml-quants.c.</content>
public readonly partial struct NVFP4Format : ITensorEncoder<NVFP4Format>
{
    /// <inheritdoc/>
    public static void Encode(ReadOnlySpan<float> source, Span<byte> destination)
    {
        int blocks = LaneDecoding.CountEncodedBlocks<NVFP4Format>(source.Length, destination.Length);
        for (; blocks > 0; blocks--)
        {
            for (int sub = 0; sub < Length / SubLength; sub++)
            {
                ReadOnlySpan<float> values = source.Slice(sub * SubLength, SubLength);
                float largest = 0;
                foreach (float value in values)
                    largest = MathF.Max(largest, MathF.Abs(value));

                // The largest 4-bit float is 6.
                destination[sub] = UE4M3.Encode(largest / 6);
                float d = UE4M3.Half(destination[sub]);
                for (int i = 0; i < HalfLength; i++)
                    destination[Quants + (sub * HalfLength) + i] = (byte)(E2M1.Nearest(values[i], d) | (E2M1.Nearest(values[HalfLength + i], d) << 4));
            }

            source = source[Length..];
            destination = destination[Bytes..];
        }
    }
}
