using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <summary>
/// Chooses scale and minimum of sub-blocks for <c>x ≈ scale × q − minimum</c>, q from 0 to a most: candidates around the
/// obvious scale, each followed by a weighted least-squares fit, the best kept (<c>make_qkx2_quants</c> and
/// <c>make_qkx3_quants</c> in ggml-quants.c, whose order of float32 operations it keeps).
/// </summary>
/// <param name="Most">The largest q.</param>
/// <param name="First">Offset of the first candidate.</param>
/// <param name="Step">From one candidate to the next.</param>
/// <param name="Steps">Candidates after the first.</param>
/// <param name="Magnitudes">Whether errors count by magnitude, not by square.</param>
internal readonly record struct AffineSearch(int Most, float First, float Step, int Steps, bool Magnitudes = false)
{
    /// <summary>What was found, for each of <see cref="SubBlocks.Width"/> sub-blocks.</summary>
    public unsafe struct Found
    {
        /// <summary>The scales; 0 for a sub-block of one value.</summary>
        public fixed float Scales[SubBlocks.Width];

        /// <summary>The minima, not negative.</summary>
        public fixed float Minima[SubBlocks.Width];

        /// <summary>By what the best candidate multiplied; 0 for a sub-block of one value.</summary>
        public fixed float Inverses[SubBlocks.Width];

        /// <summary>What the best candidate took away first.</summary>
        public fixed float Lows[SubBlocks.Width];

        /// <summary>The best candidate's q of a value.</summary>
        public readonly int Quant(int subBlock, float value, int most) =>
            QuantRounding.Nearest(Inverses[subBlock] * (value - Lows[subBlock]), 0, most);
    }

    /// <summary>Searches.</summary>
    /// <typeparam name="TLanes">The width.</typeparam>
    /// <param name="values">Sub-blocks side by side.</param>
    /// <param name="weights">What each value's error counts, laid out as the values.</param>
    /// <param name="length">Values of a sub-block, at most 32.</param>
    /// <param name="count">How many sub-blocks there are.</param>
    /// <param name="found">Receives what was found.</param>
    public unsafe void Run<TLanes>(float* values, float* weights, int length, int count, Found* found)
        where TLanes : struct, ILanes<TLanes>
    {
        for (int s = 0; s < count; s += TLanes.Count)
            Search<TLanes>(values + s, weights + s, length * SubBlocks.Width, found, s);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void Search<TLanes>(float* values, float* weights, int end, Found* found, int at)
        where TLanes : struct, ILanes<TLanes>
    {
        TLanes low = TLanes.Load(values), high = low, weightSum = TLanes.Load(weights), valueSum = weightSum * low;
        for (int i = SubBlocks.Width; i < end; i += SubBlocks.Width)
        {
            TLanes value = TLanes.Load(values + i), weight = TLanes.Load(weights + i);
            low = TLanes.Select(TLanes.Less(value, low), value, low);
            high = TLanes.Select(TLanes.Less(high, value), value, high);
            weightSum += weight;
            valueSum += weight * value;
        }

        low &= TLanes.Less(low, TLanes.Zero);
        TLanes varied = TLanes.Less(low, high), most = TLanes.Fill((float)Most);
        TLanes flatLow = low;
        TLanes inverse = most / (high - low), scale = TLanes.Fill(1f) / inverse;
        TLanes bestInverse = inverse, bestLow = low;
        TLanes mostQuant = TLanes.Fill(Most);
        TLanes best = TLanes.Zero;
        for (int i = 0; i < end; i += SubBlocks.Width)
        {
            TLanes value = TLanes.Load(values + i);
            TLanes q = TLanes.ToSingle(QuantRounding.Nearest(inverse * (value - low), TLanes.Zero, mostQuant));
            best += TLanes.Load(weights + i) * Cost((scale * q) + low - value);
        }

        float* quants = stackalloc float[32 * SubBlocks.Width];
        for (int step = 0; step <= Steps; step++)
        {
            inverse = TLanes.Fill(First + (Step * step) + Most) / (high - low);
            TLanes sumL = TLanes.Zero, sumL2 = TLanes.Zero, sumXL = TLanes.Zero;
            for (int i = 0; i < end; i += SubBlocks.Width)
            {
                TLanes value = TLanes.Load(values + i);
                TLanes q = TLanes.ToSingle(QuantRounding.Nearest(inverse * (value - low), TLanes.Zero, mostQuant));
                q.Store(quants + i);
                TLanes weighted = TLanes.Load(weights + i) * q;
                sumL += weighted;
                sumL2 += weighted * q;
                sumXL += weighted * value;
            }

            TLanes determinant = (weightSum * sumL2) - (sumL * sumL);
            TLanes fitted = ((weightSum * sumXL) - (valueSum * sumL)) / determinant;
            TLanes fittedLow = ((sumL2 * valueSum) - (sumL * sumXL)) / determinant;
            TLanes positive = TLanes.Less(TLanes.Zero, fittedLow);
            fitted = TLanes.Select(positive, sumXL / sumL2, fitted);
            fittedLow = TLanes.Select(positive, TLanes.Zero, fittedLow);
            TLanes error = TLanes.Zero;
            for (int i = 0; i < end; i += SubBlocks.Width)
            {
                TLanes difference = (fitted * TLanes.Load(quants + i)) + fittedLow - TLanes.Load(values + i);
                error += TLanes.Load(weights + i) * Cost(difference);
            }

            // The range that further candidates divide follows the minimum found, as in the reference.
            TLanes better = TLanes.Less(TLanes.Zero, determinant) & TLanes.Less(error, best);
            best = TLanes.Select(better, error, best);
            scale = TLanes.Select(better, fitted, scale);
            bestInverse = TLanes.Select(better, inverse, bestInverse);
            bestLow = TLanes.Select(better, low, bestLow);
            low = TLanes.Select(better, fittedLow, low);
        }

        (scale & varied).Store(found->Scales + at);
        (TLanes.Select(varied, low, flatLow) * TLanes.Fill(-1f)).Store(found->Minima + at);
        (bestInverse & varied).Store(found->Inverses + at);
        bestLow.Store(found->Lows + at);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TLanes Cost<TLanes>(TLanes difference)
        where TLanes : struct, ILanes<TLanes> => Magnitudes ? difference & TLanes.Fill(0x7FFFFFFF) : difference * difference;
}
