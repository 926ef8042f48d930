using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <content>Encoding, as <c>quantize_q3_K</c> in llama.cpp's ggml-quants.c.</content>
public readonly partial struct Q3_KFormat : IWeightedTensorEncoder<Q3_KFormat>, ILaneEncoder
{
    private const int Most = 4;
    private const int MostScale = 32;

    /// <inheritdoc/>
    public static void Encode(ReadOnlySpan<float> source, Span<byte> destination) =>
        LaneEncoding.Encode<Q3_KFormat>(source, destination);

    /// <inheritdoc/>
    public static void EncodeWeighted(ReadOnlySpan<float> source, ReadOnlySpan<float> importance, Span<byte> destination) =>
        LaneEncoding.Encode<Q3_KFormat>(source, importance, destination);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static unsafe void ILaneEncoder.EncodeLanes<TLanes>(float* source, float* importance, byte* destination, nint blocks)
    {
        float* values = stackalloc float[Length];
        float* weights = stackalloc float[Length];
        int* searched = stackalloc int[Length];
        byte* quants = stackalloc byte[Length];
        for (; blocks > 0; blocks--, source += Length, destination += Bytes)
        {
            new Span<byte>(destination, Bytes).Clear();
            SubBlocks.SideBySide(source, ScaleLength, SubBlocks.Width, values);
            if (importance == null)
            {
                float* scales = weights;
                RefinedSearch.Run<TLanes>(values, ScaleLength, Most, scales, searched);
                StoreScales(new ReadOnlySpan<float>(scales, SubBlocks.Width), destination);
            }
            else
            {
                SubBlocks.SideBySide(importance, ScaleLength, SubBlocks.Width, weights);
                importance += Length;
                SearchWeighted<TLanes>(source, values, weights, destination, searched);
            }

            StoreQuants<TLanes>(source, searched, destination, quants);
            for (int i = 0; i < Length; i++)
                destination[i % GroupLength] |= (byte)((quants[i] >> 2) << (i / GroupLength));
            BitPairs.Pack(quants, destination + Quants);
        }
    }

    private static unsafe void StoreScales(ReadOnlySpan<float> scales, byte* block)
    {
        float largest = 0, extreme = 0;
        foreach (float scale in scales)
        {
            if (MathF.Abs(scale) > largest) (largest, extreme) = (MathF.Abs(scale), scale);
        }

        // All bits zero are scales of −32 times nothing.
        if (extreme == 0) return;
        float inverse = -MostScale / extreme;
        Unsafe.WriteUnaligned(block + SuperScale, (Half)(1 / inverse));
        for (int run = 0; run < SubBlocks.Width; run++)
            Q3KScales.Pack(new(block + Scales, Q3KScales.Bytes), run, QuantRounding.Nearest(inverse * scales[run], -MostScale, MostScale - 1));
    }

    private static unsafe void SearchWeighted<TLanes>(float* source, float* values, float* weights, byte* block, int* searched)
        where TLanes : struct, ILanes<TLanes>
    {
        float* meanSquares = stackalloc float[SubBlocks.Width];
        float* sums = stackalloc float[SubBlocks.Width];
        new Span<float>(meanSquares, SubBlocks.Width).Fill(2 * SubBlocks.SumOfSquares(source, Length) / Length);
        SubBlocks.Weigh<TLanes>(values, weights, ScaleLength, meanSquares, sums);
        SignedSearch.Found found, scales;
        new SignedSearch(Most).Run<TLanes>(values, weights, ScaleLength, SubBlocks.Width, &found);
        for (int run = 0; run < SubBlocks.Width; run++)
        {
            for (int i = 0; i < ScaleLength; i++)
                searched[(i * SubBlocks.Width) + run] = found.Quant(run, values[(i * SubBlocks.Width) + run], Most);
        }

        // The sixteen scales are searched as one sub-block more, weighed by the sums.
        SubBlocks.SideBySide(found.Scales, SubBlocks.Width, 1, values);
        SubBlocks.SideBySide(sums, SubBlocks.Width, 1, weights);
        new SignedSearch(MostScale).Run<TLanes>(values, weights, SubBlocks.Width, 1, &scales);
        Unsafe.WriteUnaligned(block + SuperScale, (Half)scales.Scales[0]);
        for (int run = 0; run < SubBlocks.Width; run++)
            Q3KScales.Pack(new(block + Scales, Q3KScales.Bytes), run, scales.Quant(0, found.Scales[run], MostScale) - MostScale);
    }

    private static unsafe void StoreQuants<TLanes>(float* values, int* searched, byte* block, byte* quants)
        where TLanes : struct, ILanes<TLanes>
    {
        float d = (float)Unsafe.ReadUnaligned<Half>(block + SuperScale);
        ReadOnlySpan<byte> packed = new(block + Scales, Q3KScales.Bytes);
        for (int run = 0; run < SubBlocks.Width; run++, values += ScaleLength, quants += ScaleLength)
        {
            float step = d * Q3KScales.Scale(packed, run);
            if (step != 0)
            {
                QuantPacking.Round<TLanes>(values, ScaleLength, step, 0, -Most, Most - 1, quants);
                continue;
            }

            // Under a scale of nothing the search's quants stay; they decode to nothing, but the bytes are the same.
            for (int i = 0; i < ScaleLength; i++)
                quants[i] = (byte)searched[(i * SubBlocks.Width) + run];
        }
    }
}
