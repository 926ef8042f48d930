namespace Harness.Receipts.Comparisons;

/// <summary>Compares two sets of raw logits of the same ids, position by position.</summary>
public static class LogitsComparer
{
    /// <summary>Compares.</summary>
    /// <param name="reference">Reference logits, positions × vocabulary.</param>
    /// <param name="other">The other side's, same shape.</param>
    /// <param name="vocabularySize">Logits a position, at least 1.</param>
    /// <returns>The differences.</returns>
    /// <exception cref="ArgumentException">The shapes differ, or are not whole positions.</exception>
    public static LogitsDifference Compare(ReadOnlySpan<float> reference, ReadOnlySpan<float> other, int vocabularySize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(vocabularySize, 1);
        if (reference.Length != other.Length || reference.Length == 0 || reference.Length % vocabularySize != 0)
        {
            throw new ArgumentException(
                $"Logits of {reference.Length} and {other.Length} values over a vocabulary of {vocabularySize} cannot be compared: the shapes differ.");
        }

        int positions = reference.Length / vocabularySize;
        double error = 0, power = 0, largest = 0, worst = -1, klSum = 0, klLargest = 0;
        int worstPosition = 0;
        long notFinite = 0;
        for (int p = 0; p < positions; p++)
        {
            ReadOnlySpan<float> a = reference.Slice(p * vocabularySize, vocabularySize);
            ReadOnlySpan<float> b = other.Slice(p * vocabularySize, vocabularySize);
            double positionError = 0, positionPower = 0;
            for (int i = 0; i < a.Length; i++)
            {
                if (!float.IsFinite(a[i]) || !float.IsFinite(b[i]))
                {
                    // Both masked the same way is agreement; anything else is counted and fails the comparison.
                    if (!a[i].Equals(b[i])) notFinite++;
                    continue;
                }

                double difference = (double)a[i] - b[i];
                positionError += difference * difference;
                positionPower += (double)a[i] * a[i];
                largest = Math.Max(largest, Math.Abs(difference));
            }

            double positionNmse = Ratio(positionError, positionPower);
            if (positionNmse > worst) (worst, worstPosition) = (positionNmse, p);
            error += positionError;
            power += positionPower;
            double kl = KullbackLeibler(a, b);
            klSum += kl;
            klLargest = Math.Max(klLargest, kl);
        }

        (int agree, int counted) = CountTop(reference, other, vocabularySize, largest);
        return new LogitsDifference(
            positions, Ratio(error, power), worstPosition, Math.Max(worst, 0), largest, klSum / positions, klLargest,
            agree, counted, notFinite);
    }

    /// <summary>An error over a power; an all-zero reference is matched only by zeros.</summary>
    private static double Ratio(double error, double power) =>
        error == 0 ? 0 : power == 0 ? double.MaxValue : error / power;

    private static (int Agree, int Counted) CountTop(
        ReadOnlySpan<float> reference, ReadOnlySpan<float> other, int vocabularySize, double largest)
    {
        int agree = 0, counted = 0;
        for (int start = 0; start < reference.Length; start += vocabularySize)
        {
            (int top, double margin) = Top(reference.Slice(start, vocabularySize));
            if (!(margin > 2 * largest)) continue;
            counted++;
            if (Top(other.Slice(start, vocabularySize)).Index == top) agree++;
        }

        return (agree, counted);
    }

    private static (int Index, double Margin) Top(ReadOnlySpan<float> logits)
    {
        int index = 0;
        float first = float.NegativeInfinity, second = float.NegativeInfinity;
        for (int i = 0; i < logits.Length; i++)
        {
            if (logits[i] > first) (index, first, second) = (i, logits[i], first);
            else if (logits[i] > second) second = logits[i];
        }

        double margin = (double)first - second;
        return (index, double.IsNaN(margin) ? 0 : margin);
    }

    /// <summary>KL(softmax(a) ‖ softmax(b)) in nats; never below zero by rounding, never infinite.</summary>
    private static double KullbackLeibler(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double logA = LogSumExp(a), logB = LogSumExp(b), sum = 0;
        for (int i = 0; i < a.Length; i++)
        {
            double logP = a[i] - logA, logQ = b[i] - logB;
            double p = Math.Exp(logP);
            if (p > 0 && double.IsFinite(logP) && double.IsFinite(logQ)) sum += p * (logP - logQ);
        }

        return double.IsFinite(sum) ? Math.Max(sum, 0) : double.MaxValue;
    }

    private static double LogSumExp(ReadOnlySpan<float> values)
    {
        double largest = double.NegativeInfinity;
        foreach (float v in values)
            if (v > largest) largest = v;
        double sum = 0;
        foreach (float v in values)
            if (!float.IsNaN(v)) sum += Math.Exp(v - largest);
        return largest + Math.Log(sum);
    }
}
