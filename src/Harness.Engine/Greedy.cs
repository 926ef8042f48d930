namespace Harness.Engine;

/// <summary>Choosing and ranking tokens by their logits, the same way on every machine.</summary>
public static class Greedy
{
    /// <summary>The token with the largest logit.</summary>
    /// <param name="logits">One logit a token, at least one.</param>
    /// <returns>Its id; of equals the lowest. NaN counts as less than everything.</returns>
    public static int Choose(ReadOnlySpan<float> logits)
    {
        int best = 0;
        float largest = float.NegativeInfinity;
        for (int id = 0; id < logits.Length; id++)
        {
            if (logits[id] > largest)
            {
                largest = logits[id];
                best = id;
            }
        }

        return best;
    }

    /// <summary>The likeliest tokens with the natural logarithms of their probabilities.</summary>
    /// <param name="logits">One logit a token.</param>
    /// <param name="ids">Receives the ids, likeliest first; of equals the lowest id first.</param>
    /// <param name="logProbabilities">Receives as many log-probabilities.</param>
    /// <returns>How many were written: the length of <paramref name="ids"/> or the vocabulary, whichever is less.</returns>
    public static int Rank(ReadOnlySpan<float> logits, Span<int> ids, Span<float> logProbabilities)
    {
        int wanted = Math.Min(Math.Min(ids.Length, logProbabilities.Length), logits.Length);
        if (wanted == 0)
            return 0;

        // Insertion into a short sorted list: wanted is a handful, and most logits fail the first comparison.
        int found = 0;
        for (int id = 0; id < logits.Length; id++)
        {
            float logit = float.IsNaN(logits[id]) ? float.NegativeInfinity : logits[id];
            if (found == wanted && logit <= logProbabilities[found - 1])
                continue;

            int at = found < wanted ? found++ : found - 1;
            for (; at > 0 && logProbabilities[at - 1] < logit; at--)
            {
                ids[at] = ids[at - 1];
                logProbabilities[at] = logProbabilities[at - 1];
            }

            ids[at] = id;
            logProbabilities[at] = logit;
        }

        // log softmax, with the largest logit taken out so that nothing overflows.
        double largest = logProbabilities[0];
        double sum = 0;
        foreach (float logit in logits)
            sum += float.IsNaN(logit) ? 0 : Math.Exp(logit - largest);
        double logSum = largest + Math.Log(sum);
        for (int i = 0; i < found; i++)
            logProbabilities[i] = (float)(logProbabilities[i] - logSum);
        return found;
    }
}
