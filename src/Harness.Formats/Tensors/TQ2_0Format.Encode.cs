using System.Buffers.Binary;

namespace Harness.Formats.Tensors;

/// <content>Encoding, as <c>quantize_row_tq2_0_ref</c> in llama.cpp's ggml-quants.c.</content>
public readonly partial struct TQ2_0Format : ITensorEncoder<TQ2_0Format>
{
    /// <inheritdoc/>
    public static void Encode(ReadOnlySpan<float> source, Span<byte> destination)
    {
        int blocks = LaneDecoding.CountEncodedBlocks<TQ2_0Format>(source.Length, destination.Length);
        for (; blocks > 0; blocks--)
        {
            float largest = 0;
            foreach (float value in source[..Length])
                largest = MathF.Max(largest, MathF.Abs(value));

            float inverse = largest == 0 ? 0 : 1 / largest;
            BinaryPrimitives.WriteHalfLittleEndian(destination[SuperScale..], (Half)largest);
            destination[..SuperScale].Clear();
            for (int value = 0; value < Length; value++)
            {
                (int half, int inHalf) = Math.DivRem(value, HalfLength);
                (int group, int i) = Math.DivRem(inHalf, GroupLength);
                int q = (int)MathF.Round(source[value] * inverse, MidpointRounding.AwayFromZero) + 1;
                destination[(half * GroupLength) + i] |= (byte)((q & 3) << (2 * group));
            }

            source = source[Length..];
            destination = destination[Bytes..];
        }
    }
}
