using System.Buffers.Binary;

namespace Harness.Formats.Tensors;

/// <content>Encoding, as <c>quantize_row_q8_1_ref</c> in llama.cpp's ggml-quants.c.</content>
public readonly partial struct Q8_1Format : ITensorEncoder<Q8_1Format>
{
    /// <inheritdoc/>
    public static void Encode(ReadOnlySpan<float> source, Span<byte> destination)
    {
        int blocks = LaneDecoding.CountEncodedBlocks<Q8_1Format>(source.Length, destination.Length);
        for (; blocks > 0; blocks--)
        {
            float largest = 0;
            foreach (float value in source[..Length])
                largest = MathF.Max(largest, MathF.Abs(value));

            float d = largest / 127;
            float inverse = d == 0 ? 0 : 1 / d;
            int sum = 0;
            for (int i = 0; i < Length; i++)
            {
                int q = (int)MathF.Round(source[i] * inverse, MidpointRounding.AwayFromZero);
                destination[Quants + i] = (byte)q;
                sum += q;
            }

            BinaryPrimitives.WriteHalfLittleEndian(destination, (Half)d);
            BinaryPrimitives.WriteHalfLittleEndian(destination[Sum..], (Half)(sum * d));

            source = source[Length..];
            destination = destination[Bytes..];
        }
    }
}
