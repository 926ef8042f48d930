using System.Buffers.Binary;

namespace Harness.Formats.Tensors;

/// <content>Encoding, as <c>quantize_row_q2_0_ref</c> in llama.cpp's ggml-quants.c.</content>
public readonly partial struct Q2_0Format : ITensorEncoder<Q2_0Format>
{
    /// <inheritdoc/>
    public static void Encode(ReadOnlySpan<float> source, Span<byte> destination)
    {
        int blocks = LaneDecoding.CountEncodedBlocks<Q2_0Format>(source.Length, destination.Length);
        for (; blocks > 0; blocks--)
        {
            float largest = 0;
            foreach (float value in source[..Length])
                largest = MathF.Max(largest, MathF.Abs(value));

            float inverse = largest > 0 ? 1 / largest : 0;
            BinaryPrimitives.WriteHalfLittleEndian(destination, (Half)largest);
            destination[Quants..Bytes].Clear();
            for (int i = 0; i < Length; i++)
            {
                int q = (int)MathF.Round(source[i] * inverse, MidpointRounding.AwayFromZero) + 1;
                destination[Quants + (i / 4)] |= (byte)(Math.Clamp(q, 0, 3) << (2 * (i % 4)));
            }

            source = source[Length..];
            destination = destination[Bytes..];
        }
    }
}
