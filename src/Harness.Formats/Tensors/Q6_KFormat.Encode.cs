using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <content>Encoding, as <c>quantize_q6_K</c> in llama.cpp's ggml-quants.c.</content>
public readonly partial struct Q6_KFormat : IWeightedTensorEncoder<Q6_KFormat>, ILaneEncoder
{
    private const int Most = 32;

    /// <inheritdoc/>
    public static void Encode(ReadOnlySpan<float> source, Span<byte> destination) =>
        LaneEncoding.Encode<Q6_KFormat>(source, destination);

    /// <inheritdoc/>
    public static void EncodeWeighted(ReadOnlySpan<float> source, ReadOnlySpan<float> importance, Span<byte> destination) =>
        LaneEncoding.Encode<Q6_KFormat>(source, importance, destination);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static unsafe void ILaneEncoder.EncodeLanes<TLanes>(float* source, float* importance, byte* destination, nint blocks)
    {
        float* values = stackalloc float[Length];
        float* weights = stackalloc float[Length];
        byte* quants = stackalloc byte[Length];
        for (; blocks > 0; blocks--, source += Length, destination += Bytes)
        {
            SubBlocks.SideBySide(source, ScaleLength, SubBlocks.Width, values);
            if (importance != null)
            {
                SubBlocks.SideBySide(importance, ScaleLength, SubBlocks.Width, weights);
                importance += Length;
            }

            SignedSearch.Found found;
            new SignedSearch(Most).Run<TLanes>(values, importance == null ? null : weights, ScaleLength, SubBlocks.Width, &found);
            if (StoreScales(&found, destination))
            {
                StoreQuants<TLanes>(source, &found, destination, quants);
                Pack(quants, destination);
            }
        }
    }

    /// <summary>Stores <c>d</c> and the scales; false, and the whole block cleared, where all is nothing.</summary>
    private static unsafe bool StoreScales(SignedSearch.Found* found, byte* block)
    {
        float largest = 0, extreme = 0;
        for (int i = 0; i < Length / ScaleLength; i++)
        {
            float magnitude = MathF.Abs(found->Scales[i]);
            if (magnitude > largest) (largest, extreme) = (magnitude, found->Scales[i]);
        }

        if (largest < SignedSearch.Nothing)
        {
            new Span<byte>(block, Bytes).Clear();
            return false;
        }

        float inverse = -128f / extreme;
        Unsafe.WriteUnaligned(block + SuperScale, (Half)(1 / inverse));
        for (int i = 0; i < Length / ScaleLength; i++)
            block[Scales + i] = (byte)Math.Min(127, QuantRounding.Nearest(inverse * found->Scales[i]));
        return true;
    }

    private static unsafe void StoreQuants<TLanes>(float* values, SignedSearch.Found* found, byte* block, byte* quants)
        where TLanes : struct, ILanes<TLanes>
    {
        float d = (float)Unsafe.ReadUnaligned<Half>(block + SuperScale);
        for (int run = 0; run < Length / ScaleLength; run++, values += ScaleLength, quants += ScaleLength)
        {
            float step = d * (sbyte)block[Scales + run];
            if (step != 0)
            {
                QuantPacking.Round<TLanes>(values, ScaleLength, step, 0, -Most, Most - 1, quants);
                continue;
            }

            // Under a scale of nothing the search's quants stay; they decode to nothing, but the bytes are the same.
            for (int i = 0; i < ScaleLength; i++)
                quants[i] = (byte)found->Quant(run, values[i], Most);
        }
    }

    private static unsafe void Pack(byte* quants, byte* block)
    {
        for (int half = 0; half < 2; half++, quants += HalfLength)
        {
            byte* low = block + (half * 64), high = block + HighBits + (half * GroupLength);
            for (int i = 0; i < GroupLength; i++)
            {
                int q0 = quants[i], q1 = quants[GroupLength + i], q2 = quants[(2 * GroupLength) + i], q3 = quants[(3 * GroupLength) + i];
                low[i] = (byte)((q0 & 15) | (q2 << 4));
                low[GroupLength + i] = (byte)((q1 & 15) | (q3 << 4));
                high[i] = (byte)((q0 >> 4) | ((q1 >> 4) << 2) | ((q2 >> 4) << 4) | ((q3 >> 4) << 6));
            }
        }
    }
}
