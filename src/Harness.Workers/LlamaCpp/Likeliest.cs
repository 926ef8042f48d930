namespace Harness.Workers.LlamaCpp;

/// <summary>The likeliest tokens of a row of logits, chosen here so that every release chooses alike.</summary>
internal static class Likeliest
{
    /// <summary>The index of the largest logit; the lowest of equals. NaN never wins.</summary>
    public static int Index(ReadOnlySpan<float> logits)
    {
        int best = 0;
        float largest = float.NegativeInfinity;
        for (int i = 0; i < logits.Length; i++)
        {
            if (logits[i] > largest)
                (best, largest) = (i, logits[i]);
        }

        return best;
    }

    /// <summary>The <paramref name="count"/> likeliest ids, best first, and ln softmax of their logits.</summary>
    public static (int[] Ids, float[] LogProbabilities) Top(ReadOnlySpan<float> logits, int count)
    {
        count = Math.Min(count, logits.Length);
        if (count <= 0)
            return ([], []);
        int[] ids = new int[count];
        int kept = 0;
        for (int i = 0; i < logits.Length; i++)
        {
            if (float.IsNaN(logits[i]) || (kept == count && logits[i] <= logits[ids[count - 1]]))
                continue;
            int place = kept < count ? kept++ : count - 1;
            for (; place > 0 && logits[i] > logits[ids[place - 1]]; place--)
                ids[place] = ids[place - 1];
            ids[place] = i;
        }

        double logSum = LogSum(logits);
        float[] logProbabilities = new float[kept];
        for (int i = 0; i < kept; i++)
            logProbabilities[i] = (float)(logits[ids[i]] - logSum);
        return (ids[..kept], logProbabilities);
    }

    // ln Σ exp(x), with the largest taken out so that nothing overflows.
    private static double LogSum(ReadOnlySpan<float> logits)
    {
        double largest = logits[Index(logits)];
        double sum = 0;
        foreach (float logit in logits)
        {
            if (!float.IsNaN(logit))
                sum += Math.Exp(logit - largest);
        }

        return largest + Math.Log(sum);
    }
}
