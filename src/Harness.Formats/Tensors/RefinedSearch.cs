using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <summary>
/// Chooses a signed scale of sub-blocks for <c>x ≈ scale × q</c> by moving one q at a time to where it serves the
/// least-squares fit of the others, up to five rounds (<c>make_q3_quants</c> in ggml-quants.c, whose order of float32
/// operations it keeps).
/// </summary>
internal static unsafe class RefinedSearch
{
    private const int Rounds = 5;

    /// <summary>Searches.</summary>
    /// <typeparam name="TLanes">The width.</typeparam>
    /// <param name="values">Sub-blocks side by side.</param>
    /// <param name="length">Values of a sub-block, at most 16.</param>
    /// <param name="most">Half of the quants: q is from −most to most − 1.</param>
    /// <param name="scales">Receives <see cref="SubBlocks.Width"/> scales; 0 for a sub-block of nothing.</param>
    /// <param name="quants">Receives q + most, laid out as the values; 0 in a sub-block of nothing.</param>
    public static void Run<TLanes>(float* values, int length, int most, float* scales, int* quants)
        where TLanes : struct, ILanes<TLanes>
    {
        for (int s = 0; s < SubBlocks.Width; s += TLanes.Count)
            Search<TLanes>(values + s, length * SubBlocks.Width, most, scales + s, quants + s);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Search<TLanes>(float* values, int end, int most, float* scales, int* quants)
        where TLanes : struct, ILanes<TLanes>
    {
        (TLanes extreme, TLanes largest) = SignedSearch.Extremes<TLanes>(values, end);
        TLanes nothing = TLanes.Less(largest, TLanes.Fill(SignedSearch.Nothing));
        TLanes inverse = TLanes.Fill(-(float)most) / extreme;
        TLanes least = TLanes.Fill(-most), top = TLanes.Fill(most - 1);
        TLanes sumXL = TLanes.Zero, sumL2 = TLanes.Zero;
        for (int i = 0; i < end; i += SubBlocks.Width)
        {
            TLanes value = TLanes.Load(values + i);
            TLanes rounded = QuantRounding.Nearest(inverse * value, least, top);
            rounded.Store(quants + i);
            TLanes q = TLanes.ToSingle(rounded), weight = value * value;
            sumXL += weight * value * q;
            sumL2 += weight * q * q;
        }

        bool changed = true;
        for (int round = 0; changed && round < Rounds; round++)
        {
            // A sub-block that a round does not change, further rounds do not change either.
            changed = false;
            for (int i = 0; i < end; i += SubBlocks.Width)
            {
                TLanes value = TLanes.Load(values + i), weight = value * value;
                TLanes held = TLanes.Load(quants + i), q = TLanes.ToSingle(held);
                TLanes otherXL = sumXL - (weight * value * q);
                TLanes otherL2 = sumL2 - (weight * q * q);
                TLanes moved = QuantRounding.Nearest(value * otherL2 / otherXL, least, top), newQ = TLanes.ToSingle(moved);
                TLanes newXL = otherXL + (weight * value * newQ);
                TLanes newL2 = otherL2 + (weight * newQ * newQ);
                TLanes better = TLanes.Less(TLanes.Zero, otherXL) & TLanes.Less(TLanes.Zero, newL2)
                    & TLanes.Less(sumXL * sumXL * newL2, newXL * newXL * sumL2)
                    & (TLanes.Less(q, newQ) | TLanes.Less(newQ, q));
                if (!TLanes.Any(better)) continue;
                changed = true;
                TLanes.Select(better, moved, held).Store(quants + i);
                sumXL = TLanes.Select(better, newXL, sumXL);
                sumL2 = TLanes.Select(better, newL2, sumL2);
            }
        }

        for (int i = 0; i < end; i += SubBlocks.Width)
        {
            TLanes q = TLanes.AddInteger(TLanes.Load(quants + i), TLanes.Fill(most));
            TLanes.Select(nothing, TLanes.Zero, q).Store(quants + i);
        }

        TLanes fitted = (sumXL / sumL2) & TLanes.Less(TLanes.Zero, sumL2);
        TLanes.Select(nothing, TLanes.Zero, fitted).Store(scales);
    }
}
