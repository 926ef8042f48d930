namespace Harness.Formats.Tensors;

/// <summary>
/// The searches by which llama.cpp's reference quantizer chooses scales (<c>make_qx_quants</c> and
/// <c>make_qkx2_quants</c> in ggml-quants.c): candidates around the obvious scale, each followed by a weighted
/// least-squares fit, the best kept. All arithmetic in float32 and in that order, so that the bytes are the same.
/// </summary>
internal static class KQuantSearch
{
    /// <summary>Below this a block counts as all zero.</summary>
    private const float Nothing = 1e-15f;

    /// <summary>The nearest integer, halves to even, of a value below 2²² in magnitude.</summary>
    public static int Nearest(float value)
    {
        // 1.5 × 2²³ moves the integer into the last bits of the mantissa, rounded on the way: far quicker than a saturating conversion.
        const float Mover = 12582912;
        return (BitConverter.SingleToInt32Bits(value + Mover) & 0x7FFFFF) - 0x400000;
    }

    /// <summary>The nearest integer within bounds.</summary>
    public static int Nearest(float value, int least, int most) => Math.Min(Math.Max(Nearest(value), least), most);

    /// <summary>
    /// Chooses scale and minimum for <c>x ≈ scale × q − minimum</c> with q from 0 to <paramref name="most"/>.
    /// </summary>
    /// <param name="values">The sub-block.</param>
    /// <param name="most">Largest quant: 15 or 31.</param>
    /// <param name="quants">Receives the quants.</param>
    /// <param name="minimum">The minimum, not negative.</param>
    /// <param name="first">Offset of the first candidate.</param>
    /// <param name="steps">Candidates after it, a tenth apart.</param>
    /// <returns>The scale.</returns>
    public static float ScaleAndMinimum(
        ReadOnlySpan<float> values, int most, Span<byte> quants, out float minimum, float first, int steps)
    {
        Span<float> weights = stackalloc float[values.Length];
        float squares = 0;
        foreach (float value in values) squares += value * value;
        float mean = MathF.Sqrt(squares / values.Length);
        for (int i = 0; i < values.Length; i++) weights[i] = mean + MathF.Abs(values[i]);

        float low = values[0], high = values[0], weightSum = weights[0], valueSum = weights[0] * values[0];
        for (int i = 1; i < values.Length; i++)
        {
            if (values[i] < low) low = values[i];
            if (values[i] > high) high = values[i];
            weightSum += weights[i];
            valueSum += weights[i] * values[i];
        }

        if (low > 0) low = 0;
        if (high == low)
        {
            quants.Clear();
            minimum = -low;
            return 0;
        }

        float inverse = most / (high - low);
        float scale = 1 / inverse;
        float best = 0;
        for (int i = 0; i < values.Length; i++)
        {
            quants[i] = (byte)Nearest(inverse * (values[i] - low), 0, most);
            float difference = (scale * quants[i]) + low - values[i];
            best += weights[i] * (difference * difference);
        }

        Span<byte> trial = stackalloc byte[values.Length];
        for (int step = 0; step <= steps; step++)
        {
            inverse = (first + (0.1f * step) + most) / (high - low);
            float sumL = 0, sumL2 = 0, sumXL = 0;
            for (int i = 0; i < values.Length; i++)
            {
                int l = Nearest(inverse * (values[i] - low), 0, most);
                trial[i] = (byte)l;
                sumL += weights[i] * l;
                sumL2 += weights[i] * l * l;
                sumXL += weights[i] * l * values[i];
            }

            float determinant = (weightSum * sumL2) - (sumL * sumL);
            if (!(determinant > 0)) continue;
            float thisScale = ((weightSum * sumXL) - (valueSum * sumL)) / determinant;
            float thisLow = ((sumL2 * valueSum) - (sumL * sumXL)) / determinant;
            if (thisLow > 0)
            {
                thisLow = 0;
                thisScale = sumXL / sumL2;
            }

            float error = 0;
            for (int i = 0; i < values.Length; i++)
            {
                float difference = (thisScale * trial[i]) + thisLow - values[i];
                error += weights[i] * (difference * difference);
            }

            if (error >= best) continue;
            trial.CopyTo(quants);
            best = error;
            scale = thisScale;
            // The range that further candidates divide follows the minimum found, as in the reference.
            low = thisLow;
        }

        minimum = -low;
        return scale;
    }

    /// <summary>Chooses a signed scale for <c>x ≈ scale × q</c> with q from −<paramref name="most"/> to <paramref name="most"/> − 1.</summary>
    /// <param name="values">The sub-block.</param>
    /// <param name="most">32 for 6 bits.</param>
    /// <param name="quants">Receives q + <paramref name="most"/>; all 0 for a block of nothing.</param>
    /// <returns>The scale; 0 for a block of nothing.</returns>
    public static float SignedScale(ReadOnlySpan<float> values, int most, Span<byte> quants)
    {
        float largest = 0, extreme = 0;
        foreach (float value in values)
        {
            float magnitude = MathF.Abs(value);
            if (magnitude > largest) (largest, extreme) = (magnitude, value);
        }

        if (largest < Nothing)
        {
            quants.Clear();
            return 0;
        }

        Span<byte> trial = stackalloc byte[values.Length];
        (float sumXL, float sumL2) = Fit(values, most, -most / extreme, quants);
        float scale = sumL2 != 0 ? sumXL / sumL2 : 0;
        float best = scale * sumXL;
        for (int step = -9; step <= 9; step++)
        {
            if (step == 0) continue;
            (sumXL, sumL2) = Fit(values, most, -(most + (0.1f * step)) / extreme, trial);
            if (sumL2 > 0 && sumXL * sumXL > best * sumL2)
            {
                trial.CopyTo(quants);
                scale = sumXL / sumL2;
                best = scale * sumXL;
            }
        }

        return scale;
    }

    /// <summary>Whether a super-block's scale is too small to be stored.</summary>
    public static bool IsNothing(float scale) => scale < Nothing;

    private static (float SumXL, float SumL2) Fit(ReadOnlySpan<float> values, int most, float inverse, Span<byte> quants)
    {
        float sumXL = 0, sumL2 = 0;
        for (int i = 0; i < values.Length; i++)
        {
            float value = values[i];
            int l = Nearest(inverse * value, -most, most - 1);
            quants[i] = (byte)(l + most);
            float weight = value * value;
            sumXL += weight * value * l;
            sumL2 += weight * l * l;
        }

        return (sumXL, sumL2);
    }
}
