namespace Harness.Formats.Tensors;

/// <summary>
/// Quantizes the scales of a super-block's sub-blocks, none negative, by the weights of the sub-blocks
/// (<c>make_qp_quants</c> in ggml-quants.c, whose order of float32 operations it keeps).
/// </summary>
internal static class PositiveScales
{
    private const int Rounds = 5;

    /// <summary>Chooses the super-block's scale and the quants.</summary>
    /// <param name="values">The scales.</param>
    /// <param name="weights">What an error in each counts.</param>
    /// <param name="most">The largest quant.</param>
    /// <param name="quants">Receives the quants.</param>
    /// <returns>The super-block's scale; 0 where all are nothing.</returns>
    public static float Quantize(ReadOnlySpan<float> values, ReadOnlySpan<float> weights, int most, Span<byte> quants)
    {
        float largest = 0;
        foreach (float value in values)
        {
            if (value > largest) largest = value;
        }

        if (largest < SignedSearch.Nothing)
        {
            quants.Clear();
            return 0;
        }

        float inverse = BestInverse(values, weights, most, largest);
        float sumXL = 0, sumL2 = 0;
        for (int i = 0; i < values.Length; i++)
        {
            int l = Math.Min(most, QuantRounding.Nearest(inverse * values[i]));
            quants[i] = (byte)l;
            sumXL += weights[i] * values[i] * l;
            sumL2 += weights[i] * l * l;
        }

        bool changed = true;
        for (int round = 0; changed && round < Rounds; round++)
        {
            changed = false;
            for (int i = 0; i < values.Length; i++)
            {
                float weight = weights[i], value = values[i];
                float otherXL = sumXL - (weight * value * quants[i]), otherL2 = sumL2 - (weight * quants[i] * quants[i]);
                if (!(otherXL > 0 && otherL2 > 0)) continue;
                int moved = Math.Min(most, QuantRounding.Nearest(value * otherL2 / otherXL));
                if (moved == quants[i]) continue;
                otherXL += weight * value * moved;
                otherL2 += weight * moved * moved;
                if (!(otherXL * otherXL * sumL2 > sumXL * sumXL * otherL2)) continue;
                quants[i] = (byte)moved;
                (sumXL, sumL2, changed) = (otherXL, otherL2, true);
            }
        }

        return sumL2 > 0 ? sumXL / sumL2 : 0;
    }

    private static float BestInverse(ReadOnlySpan<float> values, ReadOnlySpan<float> weights, int most, float largest)
    {
        float inverse = most / largest;
        float best = Error(values, weights, int.MaxValue, inverse);
        for (int step = -4; step <= 4; step++)
        {
            if (step == 0) continue;
            float tried = ((0.1f * step) + most) / largest;
            float error = Error(values, weights, most, tried);
            if (error < best) (best, inverse) = (error, tried);
        }

        return inverse;
    }

    private static float Error(ReadOnlySpan<float> values, ReadOnlySpan<float> weights, int most, float inverse)
    {
        float scale = 1 / inverse, error = 0;
        for (int i = 0; i < values.Length; i++)
        {
            float difference = values[i] - (scale * Math.Min(most, QuantRounding.Nearest(inverse * values[i])));
            error += weights[i] * difference * difference;
        }

        return error;
    }
}
