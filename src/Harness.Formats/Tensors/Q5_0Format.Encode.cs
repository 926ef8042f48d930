using System.Buffers.Binary;

namespace Harness.Formats.Tensors;

/// <content>Encoding, as <c>quantize_row_q5_0_ref</c> in llama.cpp's ggml-quants.c.</content>
public readonly partial struct Q5_0Format : ITensorEncoder<Q5_0Format>
{
    /// <inheritdoc/>
    public static void Encode(ReadOnlySpan<float> source, Span<byte> destination)
    {
        int blocks = LaneDecoding.CountEncodedBlocks<Q5_0Format>(source.Length, destination.Length);
        for (; blocks > 0; blocks--)
        {
            // The value of largest magnitude, with its sign, becomes quant 0, that is −16.
            float extreme = 0;
            foreach (float value in source[..Length])
            {
                if (MathF.Abs(value) > MathF.Abs(extreme)) extreme = value;
            }

            float d = extreme / -16;
            float inverse = d == 0 ? 0 : 1 / d;
            BinaryPrimitives.WriteHalfLittleEndian(destination, (Half)d);
            uint high = 0;
            for (int i = 0; i < HalfLength; i++)
            {
                int first = Quant(source[i] * inverse);
                int second = Quant(source[i + HalfLength] * inverse);
                destination[Quants + i] = (byte)((first & 15) | ((second & 15) << 4));
                high |= ((uint)first >> 4 << i) | ((uint)second >> 4 << (i + HalfLength));
            }

            BinaryPrimitives.WriteUInt32LittleEndian(destination[HighBits..], high);
            source = source[Length..];
            destination = destination[Bytes..];
        }
    }

    private static int Quant(float scaled) => Math.Min(31, (int)(sbyte)(scaled + 16.5f));
}
