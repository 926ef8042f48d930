using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <summary>
/// Chooses a signed scale of sub-blocks for <c>x ≈ scale × level</c>, the levels those of <see cref="IQ4Levels"/>
/// (<c>quantize_row_iq4_nl_impl</c> in ggml-quants.c, whose order of float32 operations it keeps).
/// </summary>
internal static unsafe class LevelSearch
{
    private const int Tries = 7;

    // From here on the upper of two neighbouring levels is nearer, or as near. Differences to both are exact in float32
    // there, so that comparing with the middle is comparing the differences.
    private static ReadOnlySpan<float> Middles => [-115.5f, -93.5f, -74f, -57f, -42f, -28.5f, -16f, -4.5f, 7f, 19f, 31.5f, 45.5f, 61f, 79f, 101f];

    /// <summary>The codes of the nearest levels of values times a factor.</summary>
    /// <typeparam name="TLanes">The width.</typeparam>
    /// <param name="values">The values.</param>
    /// <param name="count">How many; a multiple of 16.</param>
    /// <param name="factor">The factor.</param>
    /// <param name="codes">Receives a byte a value.</param>
    public static void Codes<TLanes>(float* values, int count, float factor, byte* codes)
        where TLanes : struct, ILanes<TLanes>
    {
        TLanes multiplier = TLanes.Fill(factor);
        for (int i = 0; i < count; i += TLanes.Count)
        {
            TLanes value = multiplier * TLanes.Load(values + i), code = TLanes.Fill(15);
            foreach (float middle in Middles)
                code = Below(value, code, middle, -1);
            code.StoreBytes(codes + i);
        }
    }

    /// <summary>Searches.</summary>
    /// <typeparam name="TLanes">The width.</typeparam>
    /// <param name="values">Sub-blocks side by side.</param>
    /// <param name="weights">What each value's error counts, laid out as the values; null for the value's square.</param>
    /// <param name="length">Values of a sub-block.</param>
    /// <param name="count">How many sub-blocks there are.</param>
    /// <param name="scales">Receives <see cref="SubBlocks.Width"/> scales; 0 for a sub-block of nothing.</param>
    public static void Run<TLanes>(float* values, float* weights, int length, int count, float* scales)
        where TLanes : struct, ILanes<TLanes>
    {
        for (int s = 0; s < count; s += TLanes.Count)
            Search<TLanes>(values + s, weights == null ? null : weights + s, length * SubBlocks.Width, scales + s);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Search<TLanes>(float* values, float* weights, int end, float* scales)
        where TLanes : struct, ILanes<TLanes>
    {
        (TLanes extreme, TLanes largest) = SignedSearch.Extremes<TLanes>(values, end);
        TLanes nothing = TLanes.Less(largest, TLanes.Fill(SignedSearch.Nothing));
        float lowest = IQ4Levels.Values[0];
        TLanes inverse = TLanes.Fill(1f) / (extreme * TLanes.Fill(-1f) / TLanes.Fill(lowest));
        Fit(values, weights, end, inverse, out TLanes sumXQ, out TLanes sumQ2);
        TLanes scale = (sumXQ / sumQ2) & TLanes.Less(TLanes.Zero, sumQ2);
        TLanes best = scale * sumXQ;
        for (int step = -Tries; step <= Tries; step++)
        {
            Fit(values, weights, end, TLanes.Fill(step + lowest) / extreme, out sumXQ, out sumQ2);
            TLanes better = TLanes.Less(TLanes.Zero, sumQ2) & TLanes.Less(best * sumQ2, sumXQ * sumXQ);
            scale = TLanes.Select(better, sumXQ / sumQ2, scale);
            best = TLanes.Select(better, scale * sumXQ, best);
        }

        TLanes.Select(nothing, TLanes.Zero, scale).Store(scales);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Fit<TLanes>(float* values, float* weights, int end, TLanes inverse, out TLanes sumXQ, out TLanes sumQ2)
        where TLanes : struct, ILanes<TLanes>
    {
        TLanes xq = TLanes.Zero, q2 = TLanes.Zero;
        for (int i = 0; i < end; i += SubBlocks.Width)
        {
            TLanes value = TLanes.Load(values + i);
            TLanes level = TLanes.ToSingle(Level(inverse * value));
            TLanes weight = weights == null ? value * value : TLanes.Load(weights + i);
            xq += weight * level * value;
            q2 += weight * level * level;
        }

        (sumXQ, sumQ2) = (xq, q2);
    }

    /// <summary>The nearest levels: the highest, less the step from each level to the one below where the value is below their middle.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Level<TLanes>(TLanes value)
        where TLanes : struct, ILanes<TLanes>
    {
        TLanes level = TLanes.Fill(113);
        for (int i = 0; i < Middles.Length; i++)
            level = Below(value, level, Middles[i], IQ4Levels.Values[i] - IQ4Levels.Values[i + 1]);
        return level;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Below<TLanes>(TLanes value, TLanes level, float middle, int step)
        where TLanes : struct, ILanes<TLanes> =>
        TLanes.AddInteger(level, TLanes.Less(value, TLanes.Fill(middle)) & TLanes.Fill(step));
}
