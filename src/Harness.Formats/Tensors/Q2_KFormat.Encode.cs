using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <content>Encoding, as <c>quantize_q2_K</c> in llama.cpp's ggml-quants.c.</content>
public readonly partial struct Q2_KFormat : IWeightedTensorEncoder<Q2_KFormat>, ILaneEncoder
{
    private const int Most = 3;
    private const int LargestScale = 15;

    /// <inheritdoc/>
    public static void Encode(ReadOnlySpan<float> source, Span<byte> destination) =>
        LaneEncoding.Encode<Q2_KFormat>(source, destination);

    /// <inheritdoc/>
    public static void EncodeWeighted(ReadOnlySpan<float> source, ReadOnlySpan<float> importance, Span<byte> destination) =>
        LaneEncoding.Encode<Q2_KFormat>(source, importance, destination);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static unsafe void ILaneEncoder.EncodeLanes<TLanes>(float* source, float* importance, byte* destination, nint blocks)
    {
        float* values = stackalloc float[Length];
        float* weights = stackalloc float[Length];
        float* sums = stackalloc float[SubBlocks.Width];
        float* meanSquares = stackalloc float[SubBlocks.Width];
        byte* quants = stackalloc byte[Length];
        for (; blocks > 0; blocks--, source += Length, destination += Bytes)
        {
            AffineSearch.Found found;
            SubBlocks.SideBySide(source, ScaleLength, SubBlocks.Width, values);
            Span<float> scales = new(found.Scales, SubBlocks.Width), minima = new(found.Minima, SubBlocks.Width);
            if (importance == null)
            {
                // What an error counts is the value's magnitude.
                for (int i = 0; i < Length; i += TLanes.Count)
                    (TLanes.Load(values + i) & TLanes.Fill(0x7FFFFFFF)).Store(weights + i);
                new AffineSearch(Most, -0.5f, 0.1f, 15, Magnitudes: true).Run<TLanes>(values, weights, ScaleLength, SubBlocks.Width, &found);
                StoreScales(scales, minima, destination);
            }
            else
            {
                new Span<float>(meanSquares, SubBlocks.Width).Fill(SubBlocks.SumOfSquares(source, Length) / Length);
                SubBlocks.SideBySide(importance, ScaleLength, SubBlocks.Width, weights);
                SubBlocks.Weigh<TLanes>(values, weights, ScaleLength, meanSquares, sums);
                new AffineSearch(Most, -0.9f, 0.05f, 36).Run<TLanes>(values, weights, ScaleLength, SubBlocks.Width, &found);
                StoreScales(scales, minima, new(sums, SubBlocks.Width), destination);
                importance += Length;
            }

            StoreQuants<TLanes>(source, &found, destination, quants);
            BitPairs.Pack(quants, destination + Quants);
        }
    }

    private static unsafe void StoreScales(ReadOnlySpan<float> scales, ReadOnlySpan<float> minima, byte* block)
    {
        float largestScale = 0, largestMinimum = 0;
        for (int run = 0; run < SubBlocks.Width; run++)
        {
            if (scales[run] > largestScale) largestScale = scales[run];
            if (minima[run] > largestMinimum) largestMinimum = minima[run];
        }

        float inverseScale = largestScale > 0 ? LargestScale / largestScale : 0;
        float inverseMinimum = largestMinimum > 0 ? LargestScale / largestMinimum : 0;
        for (int run = 0; run < SubBlocks.Width; run++)
            block[run] = (byte)(QuantRounding.Nearest(inverseScale * scales[run]) | (QuantRounding.Nearest(inverseMinimum * minima[run]) << 4));
        Unsafe.WriteUnaligned(block + SuperScale, (Half)(largestScale / LargestScale));
        Unsafe.WriteUnaligned(block + SuperScale + 2, (Half)(largestMinimum / LargestScale));
    }

    private static unsafe void StoreScales(ReadOnlySpan<float> scales, ReadOnlySpan<float> minima, ReadOnlySpan<float> sums, byte* block)
    {
        Span<byte> quantScales = stackalloc byte[SubBlocks.Width], quantMinima = stackalloc byte[SubBlocks.Width];
        Unsafe.WriteUnaligned(block + SuperScale, (Half)PositiveScales.Quantize(scales, sums, LargestScale, quantScales));
        Unsafe.WriteUnaligned(block + SuperScale + 2, (Half)PositiveScales.Quantize(minima, sums, LargestScale, quantMinima));
        for (int run = 0; run < SubBlocks.Width; run++)
            block[run] = (byte)(quantScales[run] | (quantMinima[run] << 4));
    }

    private static unsafe void StoreQuants<TLanes>(float* values, AffineSearch.Found* found, byte* block, byte* quants)
        where TLanes : struct, ILanes<TLanes>
    {
        float d = (float)Unsafe.ReadUnaligned<Half>(block + SuperScale), dmin = (float)Unsafe.ReadUnaligned<Half>(block + SuperScale + 2);
        for (int run = 0; run < SubBlocks.Width; run++, values += ScaleLength, quants += ScaleLength)
        {
            float scale = d * (block[run] & 15);
            if (scale != 0)
            {
                QuantPacking.Round<TLanes>(values, ScaleLength, scale, dmin * (block[run] >> 4), 0, Most, quants);
                continue;
            }

            // Under a scale of nothing the search's quants stay; they decode to the minimum, whatever they are.
            for (int i = 0; i < ScaleLength; i++)
                quants[i] = (byte)found->Quant(run, values[i], Most);
        }
    }
}
