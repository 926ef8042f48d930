using System.Buffers.Binary;

namespace Harness.Formats.Tensors;

/// <content>Encoding, as <c>quantize_row_q6_K_ref</c> in llama.cpp's ggml-quants.c.</content>
public readonly partial struct Q6_KFormat : ITensorEncoder<Q6_KFormat>
{
    /// <inheritdoc/>
    public static void Encode(ReadOnlySpan<float> source, Span<byte> destination)
    {
        int blocks = LaneDecoding.CountEncodedBlocks<Q6_KFormat>(source.Length, destination.Length);
        for (; blocks > 0; blocks--)
        {
            EncodeBlock(source[..Length], destination[..Bytes]);
            source = source[Length..];
            destination = destination[Bytes..];
        }
    }

    private static void EncodeBlock(ReadOnlySpan<float> values, Span<byte> block)
    {
        block.Clear();
        Span<float> scales = stackalloc float[Length / ScaleLength];
        Span<byte> quants = stackalloc byte[Length];
        float largest = 0, extreme = 0;
        for (int i = 0; i < scales.Length; i++)
        {
            scales[i] = KQuantSearch.SignedScale(values.Slice(i * ScaleLength, ScaleLength), 32, quants.Slice(i * ScaleLength, ScaleLength));
            float magnitude = MathF.Abs(scales[i]);
            if (magnitude > largest) (largest, extreme) = (magnitude, scales[i]);
        }

        if (KQuantSearch.IsNothing(largest)) return;
        float inverse = -128f / extreme;
        var d = (Half)(1 / inverse);
        BinaryPrimitives.WriteHalfLittleEndian(block[SuperScale..], d);
        for (int i = 0; i < scales.Length; i++)
        {
            int scale = Math.Min(127, KQuantSearch.Nearest(inverse * scales[i]));
            block[Scales + i] = (byte)(sbyte)scale;
            float step = (float)d * scale;

            // Under a scale of nothing the search's quants stay; they decode to nothing, but the bytes are the same.
            if (step == 0) continue;
            for (int value = i * ScaleLength; value < (i + 1) * ScaleLength; value++)
                quants[value] = (byte)(KQuantSearch.Nearest(values[value] / step, -32, 31) + 32);
        }

        for (int value = 0; value < Length; value++)
        {
            (int half, int inHalf) = Math.DivRem(value, HalfLength);
            (int group, int i) = Math.DivRem(inHalf, GroupLength);
            block[(half * 64) + (group % 2 * GroupLength) + i] |= (byte)((quants[value] & 15) << (4 * (group / 2)));
            block[HighBits + (half * GroupLength) + i] |= (byte)((quants[value] >> 4) << (2 * group));
        }
    }
}
