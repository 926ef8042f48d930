using System.Buffers.Binary;

namespace Harness.Formats.Tensors;

/// <content>Encoding, as <c>quantize_row_tq1_0_ref</c> in llama.cpp's ggml-quants.c.</content>
public readonly partial struct TQ1_0Format : ITensorEncoder<TQ1_0Format>
{
    /// <inheritdoc/>
    public static void Encode(ReadOnlySpan<float> source, Span<byte> destination)
    {
        int blocks = LaneDecoding.CountEncodedBlocks<TQ1_0Format>(source.Length, destination.Length);
        for (; blocks > 0; blocks--)
        {
            float largest = 0;
            foreach (float value in source[..Length])
                largest = MathF.Max(largest, MathF.Abs(value));

            float inverse = largest == 0 ? 0 : 1 / largest;
            BinaryPrimitives.WriteHalfLittleEndian(destination[SuperScale..], (Half)largest);
            int first = 0;
            foreach ((int start, int count, int digits) in Runs)
            {
                for (int i = 0; i < count; i++)
                {
                    // The digits in order, then zeros to five; then the fraction of 256, rounded up.
                    int number = 0;
                    for (int digit = 0; digit < 5; digit++)
                    {
                        number *= 3;
                        if (digit < digits)
                            number += (int)MathF.Round(source[first + (digit * count) + i] * inverse, MidpointRounding.AwayFromZero) + 1;
                    }

                    destination[start + i] = (byte)(((number * 256) + 242) / 243);
                }

                first += count * digits;
            }

            source = source[Length..];
            destination = destination[Bytes..];
        }
    }
}
