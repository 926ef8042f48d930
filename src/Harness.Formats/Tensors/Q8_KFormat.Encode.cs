using System.Buffers.Binary;

namespace Harness.Formats.Tensors;

/// <content>Encoding, as <c>quantize_row_q8_K_ref</c> in llama.cpp's ggml-quants.c.</content>
public readonly partial struct Q8_KFormat : ITensorEncoder<Q8_KFormat>
{
    /// <inheritdoc/>
    public static void Encode(ReadOnlySpan<float> source, Span<byte> destination)
    {
        int blocks = LaneDecoding.CountEncodedBlocks<Q8_KFormat>(source.Length, destination.Length);
        for (; blocks > 0; blocks--)
        {
            float extreme = 0;
            foreach (float value in source[..Length])
            {
                if (MathF.Abs(value) > MathF.Abs(extreme)) extreme = value;
            }

            destination[..Bytes].Clear();
            if (extreme != 0)
            {
                float inverse = -127f / extreme;
                BinaryPrimitives.WriteSingleLittleEndian(destination, 1 / inverse);
                EncodeQuants(source[..Length], inverse, destination);
            }

            source = source[Length..];
            destination = destination[Bytes..];
        }
    }

    private static void EncodeQuants(ReadOnlySpan<float> values, float inverse, Span<byte> block)
    {
        for (int start = 0; start < Length; start += SumLength)
        {
            int sum = 0;
            for (int i = start; i < start + SumLength; i++)
            {
                int q = Math.Min(127, QuantRounding.Nearest(inverse * values[i]));
                block[Quants + i] = (byte)q;
                sum += q;
            }

            BinaryPrimitives.WriteInt16LittleEndian(block[(Sums + (start / SumLength * 2))..], (short)sum);
        }
    }
}
