using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <summary>
/// Chooses a signed scale of sub-blocks for <c>x ≈ scale × q</c>, q from −most to most − 1: candidates around the scale
/// that meets the extreme, the best least-squares fit kept (<c>make_qx_quants</c> in ggml-quants.c, whose order of float32
/// operations it keeps).
/// </summary>
/// <param name="Most">Half of the quants: 4 for 3 bits, 32 for 6.</param>
internal readonly record struct SignedSearch(int Most)
{
    /// <summary>Below this a sub-block counts as all zero.</summary>
    public const float Nothing = 1e-15f;

    /// <summary>What was found, for each of <see cref="SubBlocks.Width"/> sub-blocks.</summary>
    public unsafe struct Found
    {
        /// <summary>The scales; 0 for a sub-block of nothing.</summary>
        public fixed float Scales[SubBlocks.Width];

        /// <summary>By what the best candidate multiplied; 0 for a sub-block of nothing.</summary>
        public fixed float Inverses[SubBlocks.Width];

        /// <summary>The best candidate's q + most of a value; 0 in a sub-block of nothing.</summary>
        public readonly int Quant(int subBlock, float value, int most) =>
            Inverses[subBlock] == 0 ? 0 : QuantRounding.Nearest(Inverses[subBlock] * value, -most, most - 1) + most;
    }

    /// <summary>Searches.</summary>
    /// <typeparam name="TLanes">The width.</typeparam>
    /// <param name="values">Sub-blocks side by side.</param>
    /// <param name="weights">What each value's error counts, laid out as the values; null for the value's square.</param>
    /// <param name="length">Values of a sub-block.</param>
    /// <param name="count">How many sub-blocks there are.</param>
    /// <param name="found">Receives what was found.</param>
    public unsafe void Run<TLanes>(float* values, float* weights, int length, int count, Found* found)
        where TLanes : struct, ILanes<TLanes>
    {
        for (int s = 0; s < count; s += TLanes.Count)
            Search<TLanes>(values + s, weights == null ? null : weights + s, length * SubBlocks.Width, found, s);
    }

    /// <summary>The value of largest magnitude of each sub-block, the first of several, and that magnitude.</summary>
    public static unsafe (TLanes Extreme, TLanes Magnitude) Extremes<TLanes>(float* values, int end)
        where TLanes : struct, ILanes<TLanes>
    {
        TLanes unsigned = TLanes.Fill(0x7FFFFFFF), extreme = TLanes.Zero, largest = TLanes.Zero;
        for (int i = 0; i < end; i += SubBlocks.Width)
        {
            TLanes value = TLanes.Load(values + i), magnitude = value & unsigned;
            TLanes larger = TLanes.Less(largest, magnitude);
            largest = TLanes.Select(larger, magnitude, largest);
            extreme = TLanes.Select(larger, value, extreme);
        }

        return (extreme, largest);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void Search<TLanes>(float* values, float* weights, int end, Found* found, int at)
        where TLanes : struct, ILanes<TLanes>
    {
        (TLanes extreme, TLanes largest) = Extremes<TLanes>(values, end);
        TLanes nothing = TLanes.Less(largest, TLanes.Fill(Nothing));
        TLanes inverse = TLanes.Fill(-(float)Most) / extreme, bestInverse = inverse;
        Fit(values, weights, end, inverse, out TLanes sumXL, out TLanes sumL2);
        TLanes scale = sumXL / sumL2;
        scale &= TLanes.Less(TLanes.Zero, sumL2);
        TLanes best = scale * sumXL;
        for (int step = -9; step <= 9; step++)
        {
            if (step == 0) continue;
            inverse = TLanes.Fill(-(Most + (0.1f * step))) / extreme;
            Fit(values, weights, end, inverse, out sumXL, out sumL2);
            TLanes better = TLanes.Less(TLanes.Zero, sumL2) & TLanes.Less(best * sumL2, sumXL * sumXL);
            scale = TLanes.Select(better, sumXL / sumL2, scale);
            best = TLanes.Select(better, scale * sumXL, best);
            bestInverse = TLanes.Select(better, inverse, bestInverse);
        }

        TLanes.Select(nothing, TLanes.Zero, scale).Store(found->Scales + at);
        TLanes.Select(nothing, TLanes.Zero, bestInverse).Store(found->Inverses + at);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private unsafe void Fit<TLanes>(float* values, float* weights, int end, TLanes inverse, out TLanes sumXL, out TLanes sumL2)
        where TLanes : struct, ILanes<TLanes>
    {
        TLanes least = TLanes.Fill(-Most), most = TLanes.Fill(Most - 1);
        TLanes xl = TLanes.Zero, l2 = TLanes.Zero;
        for (int i = 0; i < end; i += SubBlocks.Width)
        {
            TLanes value = TLanes.Load(values + i);
            TLanes q = TLanes.ToSingle(QuantRounding.Nearest(inverse * value, least, most));
            TLanes weight = weights == null ? value * value : TLanes.Load(weights + i);
            xl += weight * value * q;
            l2 += weight * q * q;
        }

        (sumXL, sumL2) = (xl, l2);
    }
}
