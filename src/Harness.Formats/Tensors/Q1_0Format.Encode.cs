using System.Buffers.Binary;

namespace Harness.Formats.Tensors;

/// <content>Encoding, as <c>quantize_row_q1_0_ref</c> in llama.cpp's ggml-quants.c.</content>
public readonly partial struct Q1_0Format : ITensorEncoder<Q1_0Format>
{
    /// <inheritdoc/>
    public static void Encode(ReadOnlySpan<float> source, Span<byte> destination)
    {
        int blocks = LaneDecoding.CountEncodedBlocks<Q1_0Format>(source.Length, destination.Length);
        for (; blocks > 0; blocks--)
        {
            float sum = 0;
            foreach (float value in source[..Length])
                sum += MathF.Abs(value);

            BinaryPrimitives.WriteHalfLittleEndian(destination, (Half)(sum / Length));
            destination[Quants..Bytes].Clear();
            for (int i = 0; i < Length; i++)
                destination[Quants + (i / 8)] |= (byte)((source[i] >= 0 ? 1 : 0) << (i % 8));

            source = source[Length..];
            destination = destination[Bytes..];
        }
    }
}
