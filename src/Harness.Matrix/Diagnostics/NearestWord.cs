namespace Harness.Matrix;

/// <summary>The right word a person probably meant.</summary>
public static class NearestWord
{
    /// <summary>Longest word that is compared; longer input is no typing mistake.</summary>
    private const int LongestWord = 128;

    /// <summary>Finds the candidate nearest to <paramref name="word"/>, ignoring case.</summary>
    /// <param name="word">What was written.</param>
    /// <param name="candidates">What could have been meant.</param>
    /// <returns>The nearest one (of several the longest), or null when none is near enough to be a typing mistake.</returns>
    public static string? Find(string word, IEnumerable<string> candidates)
    {
        if (word.Length is 0 or > LongestWord) return null;

        string? best = null;
        // About one mistake in three letters; beyond that a suggestion is a guess.
        int bestDistance = Math.Max(1, word.Length / 3) + 1;
        string? begun = null, contained = null;
        foreach (string candidate in candidates)
        {
            if (candidate.Length > LongestWord) continue;
            int distance = Distance(word.ToUpperInvariant(), candidate.ToUpperInvariant());
            // Of two equally near the longer one: leaving a letter out is the commoner slip (Q4_KM for Q4_K_M).
            if (distance < bestDistance || (distance == bestDistance && candidate.Length > best?.Length)) (best, bestDistance) = (candidate, distance);
            // "qwen" for "qwen2.5-0.5b", "0.5.0" for "llama.cpp@v0.5.0": a part, rather than a slip.
            if (word.Length < 3) continue;
            if (candidate.StartsWith(word, StringComparison.OrdinalIgnoreCase)) begun ??= candidate;
            else if (candidate.Contains(word, StringComparison.OrdinalIgnoreCase)) contained ??= candidate;
        }

        return best ?? begun ?? contained;
    }

    /// <summary>
    /// Damerau–Levenshtein distance in its optimal-string-alignment form: insertions, deletions, substitutions and
    /// swaps of neighbours, each counted once (Damerau 1964; Levenshtein 1966).
    /// </summary>
    /// <param name="a">A word.</param>
    /// <param name="b">Another.</param>
    /// <returns>The number of edits that turn one into the other.</returns>
    internal static int Distance(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        int width = b.Length + 1;
        Span<int> rows = new int[3 * width];
        Span<int> before = rows[..width], previous = rows.Slice(width, width), current = rows[(2 * width)..];
        for (int j = 0; j < width; j++) previous[j] = j;

        for (int i = 1; i <= a.Length; i++)
        {
            current[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int cost = a[i - 1] == b[j - 1] ? 0 : 1;
                int edits = Math.Min(Math.Min(current[j - 1] + 1, previous[j] + 1), previous[j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    edits = Math.Min(edits, before[j - 2] + 1);
                current[j] = edits;
            }

            Span<int> oldest = before;
            before = previous;
            previous = current;
            current = oldest;
        }

        return previous[b.Length];
    }
}
