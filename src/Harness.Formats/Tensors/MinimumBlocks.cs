using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <summary>
/// What the encoders of Q4_K and Q5_K share: 6-bit scales and minima of eight sub-blocks of 32, then the quants against
/// them, for two super-blocks at a time.
/// </summary>
internal static unsafe class MinimumBlocks
{
    /// <summary>Values of a super-block.</summary>
    public const int Length = 256;
    private const int SubLength = 32;
    private const int SubBlockCount = Length / SubLength;
    private const int LargestScale = 63;

    /// <summary>Finds scales, minima and quants of one or two super-blocks.</summary>
    /// <typeparam name="TLanes">The width.</typeparam>
    /// <param name="source">The values of the super-blocks.</param>
    /// <param name="importance">The importances of their columns, or null.</param>
    /// <param name="most">Largest quant: 15 or 31.</param>
    /// <param name="count">1 or 2 super-blocks.</param>
    /// <param name="headers">Each super-block's first 16 bytes: <c>d</c>, <c>dmin</c>, packed scales.</param>
    /// <param name="headerStride">From one super-block's header to the next.</param>
    /// <param name="quants">Receives a byte a value.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Encode<TLanes>(float* source, float* importance, int most, int count, byte* headers, int headerStride, byte* quants)
        where TLanes : struct, ILanes<TLanes>
    {
        float* values = stackalloc float[SubLength * SubBlocks.Width];
        float* weights = stackalloc float[SubLength * SubBlocks.Width];
        float* sums = stackalloc float[SubBlocks.Width];
        SubBlocks.SideBySide(source, SubLength, count * SubBlockCount, values);
        AffineSearch.Found found;
        if (importance == null)
        {
            WeighPlainly<TLanes>(values, weights);
            AffineSearch search = most == 15 ? new(most, -1, 0.1f, 20) : new(most, -0.5f, 0.1f, 15);
            search.Run<TLanes>(values, weights, SubLength, count * SubBlockCount, &found);
        }
        else
        {
            float* meanSquares = stackalloc float[SubBlocks.Width];
            for (int block = 0; block < count; block++)
            {
                float meanSquare = 2 * SubBlocks.SumOfSquares(source + (block * Length), Length) / Length;
                new Span<float>(meanSquares + (block * SubBlockCount), SubBlockCount).Fill(meanSquare);
            }

            SubBlocks.SideBySide(importance, SubLength, count * SubBlockCount, weights);
            SubBlocks.Weigh<TLanes>(values, weights, SubLength, meanSquares, sums);
            new AffineSearch(most, -0.9f, 0.05f, 36).Run<TLanes>(values, weights, SubLength, count * SubBlockCount, &found);
        }

        for (int block = 0; block < count; block++)
        {
            int first = block * SubBlockCount;
            Span<byte> header = new(headers + (block * headerStride), 4 + KQuantScales.Bytes);
            Span<float> scales = new(found.Scales + first, SubBlockCount), minima = new(found.Minima + first, SubBlockCount);
            if (importance == null)
                StoreScales(scales, minima, header);
            else
                StoreScales(scales, minima, new(sums + first, SubBlockCount), header);
            StoreQuants<TLanes>(source + (block * Length), &found, first, most, header, quants + (block * Length));
        }
    }

    private static void WeighPlainly<TLanes>(float* values, float* weights)
        where TLanes : struct, ILanes<TLanes>
    {
        TLanes unsigned = TLanes.Fill(0x7FFFFFFF);
        for (int s = 0; s < SubBlocks.Width; s += TLanes.Count)
        {
            TLanes squares = TLanes.Zero;
            for (int i = s; i < SubLength * SubBlocks.Width; i += SubBlocks.Width)
            {
                TLanes value = TLanes.Load(values + i);
                squares += value * value;
            }

            TLanes mean = TLanes.Sqrt(squares / TLanes.Fill((float)SubLength));
            for (int i = s; i < SubLength * SubBlocks.Width; i += SubBlocks.Width)
                (mean + (TLanes.Load(values + i) & unsigned)).Store(weights + i);
        }
    }

    private static void StoreScales(ReadOnlySpan<float> scales, ReadOnlySpan<float> minima, Span<byte> header)
    {
        float largestScale = 0, largestMinimum = 0;
        for (int sub = 0; sub < SubBlockCount; sub++)
        {
            if (scales[sub] > largestScale) largestScale = scales[sub];
            if (minima[sub] > largestMinimum) largestMinimum = minima[sub];
        }

        float inverseScale = largestScale > 0 ? LargestScale / largestScale : 0;
        float inverseMinimum = largestMinimum > 0 ? LargestScale / largestMinimum : 0;
        Span<byte> packed = header.Slice(4, KQuantScales.Bytes);
        packed.Clear();
        for (int sub = 0; sub < SubBlockCount; sub++)
        {
            int scale = Math.Min(LargestScale, QuantRounding.Nearest(inverseScale * scales[sub]) & 255);
            int minimum = Math.Min(LargestScale, QuantRounding.Nearest(inverseMinimum * minima[sub]) & 255);
            KQuantScales.Pack(packed, sub, scale, minimum);
        }

        Unsafe.WriteUnaligned(ref header[0], (Half)(largestScale / LargestScale));
        Unsafe.WriteUnaligned(ref header[2], (Half)(largestMinimum / LargestScale));
    }

    private static void StoreScales(ReadOnlySpan<float> scales, ReadOnlySpan<float> minima, ReadOnlySpan<float> sums, Span<byte> header)
    {
        Span<byte> quantScales = stackalloc byte[SubBlockCount], quantMinima = stackalloc byte[SubBlockCount];
        Unsafe.WriteUnaligned(ref header[0], (Half)PositiveScales.Quantize(scales, sums, LargestScale, quantScales));
        Unsafe.WriteUnaligned(ref header[2], (Half)PositiveScales.Quantize(minima, sums, LargestScale, quantMinima));
        Span<byte> packed = header.Slice(4, KQuantScales.Bytes);
        packed.Clear();
        for (int sub = 0; sub < SubBlockCount; sub++)
            KQuantScales.Pack(packed, sub, quantScales[sub], quantMinima[sub]);
    }

    private static void StoreQuants<TLanes>(
        float* values, AffineSearch.Found* found, int first, int most, ReadOnlySpan<byte> header, byte* quants)
        where TLanes : struct, ILanes<TLanes>
    {
        float d = (float)Unsafe.ReadUnaligned<Half>(in header[0]), dmin = (float)Unsafe.ReadUnaligned<Half>(in header[2]);
        ReadOnlySpan<byte> packed = header.Slice(4, KQuantScales.Bytes);
        for (int sub = 0; sub < SubBlockCount; sub++, values += SubLength, quants += SubLength)
        {
            float scale = d * KQuantScales.Scale(packed, sub);
            if (scale != 0)
            {
                QuantPacking.Round<TLanes>(values, SubLength, scale, dmin * KQuantScales.Minimum(packed, sub), 0, most, quants);
                continue;
            }

            // Under a scale of nothing the search's quants stay; they decode to nothing, but the bytes are the same.
            for (int i = 0; i < SubLength; i++)
                quants[i] = (byte)found->Quant(first + sub, values[i], most);
        }
    }
}
