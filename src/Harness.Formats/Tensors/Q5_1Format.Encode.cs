using System.Buffers.Binary;

namespace Harness.Formats.Tensors;

/// <content>Encoding, as <c>quantize_row_q5_1_ref</c> in llama.cpp's ggml-quants.c.</content>
public readonly partial struct Q5_1Format : ITensorEncoder<Q5_1Format>
{
    /// <inheritdoc/>
    public static void Encode(ReadOnlySpan<float> source, Span<byte> destination)
    {
        int blocks = LaneDecoding.CountEncodedBlocks<Q5_1Format>(source.Length, destination.Length);
        for (; blocks > 0; blocks--)
        {
            float least = source[0], most = source[0];
            foreach (float value in source[..Length])
            {
                if (value < least) least = value;
                if (value > most) most = value;
            }

            float d = (most - least) / 31;
            float inverse = d == 0 ? 0 : 1 / d;
            BinaryPrimitives.WriteHalfLittleEndian(destination, (Half)d);
            BinaryPrimitives.WriteHalfLittleEndian(destination[2..], (Half)least);
            uint high = 0;
            for (int i = 0; i < HalfLength; i++)
            {
                int first = Quant((source[i] - least) * inverse);
                int second = Quant((source[i + HalfLength] - least) * inverse);
                destination[Quants + i] = (byte)((first & 15) | ((second & 15) << 4));
                high |= ((uint)first >> 4 << i) | ((uint)second >> 4 << (i + HalfLength));
            }

            BinaryPrimitives.WriteUInt32LittleEndian(destination[HighBits..], high);
            source = source[Length..];
            destination = destination[Bytes..];
        }
    }

    private static int Quant(float scaled) => Math.Min(31, (int)(sbyte)(scaled + 0.5f));
}
