namespace Harness.Text.Unicode;

/// <summary>The four normalization forms of Unicode Standard Annex #15, over code points.</summary>
internal static class Normalization
{
    private const int HangulBase = 0xAC00;
    private const int LeadBase = 0x1100;
    private const int VowelBase = 0x1161;
    private const int TailBase = 0x11A7;
    private const int Vowels = 21;
    private const int Tails = 28;
    private const int Syllables = 19 * Vowels * Tails;

    /// <summary>Normalizes.</summary>
    /// <param name="text">Code points.</param>
    /// <param name="compatible">Whether compatible decompositions are made too (NFKC, NFKD).</param>
    /// <param name="compose">Whether to compose again (NFC, NFKC).</param>
    /// <returns>The normalized code points.</returns>
    public static List<int> Normalize(ReadOnlySpan<int> text, bool compatible, bool compose)
    {
        UnicodeTables tables = UnicodeTables.Instance;
        var result = new List<int>(text.Length + 16);
        foreach (int codePoint in text)
            Decompose(tables, codePoint, compatible, result);
        Reorder(tables, result);
        if (compose)
            Compose(tables, result);
        return result;
    }

    /// <summary>The first code point of the canonical decomposition: what llama.cpp calls NFD.</summary>
    public static int FirstOfDecomposition(int codePoint)
    {
        if (codePoint < 0xC0)
            return codePoint;
        int syllable = codePoint - HangulBase;
        if ((uint)syllable < Syllables)
            return LeadBase + (syllable / (Vowels * Tails));
        return UnicodeTables.Instance.Canonical(codePoint) is { } parts ? parts[0] : codePoint;
    }

    private static void Decompose(UnicodeTables tables, int codePoint, bool compatible, List<int> result)
    {
        int syllable = codePoint - HangulBase;
        if (codePoint < 0xA0)
        {
            result.Add(codePoint);
        }
        else if ((uint)syllable < Syllables)
        {
            result.Add(LeadBase + (syllable / (Vowels * Tails)));
            result.Add(VowelBase + (syllable % (Vowels * Tails) / Tails));
            if (syllable % Tails != 0)
                result.Add(TailBase + (syllable % Tails));
        }
        else if (((compatible ? tables.Compatible(codePoint) : null) ?? tables.Canonical(codePoint)) is { } parts)
        {
            result.AddRange(parts);
        }
        else
        {
            result.Add(codePoint);
        }
    }

    // Marks between two starters are sorted by class; a stable sort, so that hostile runs of marks cost no quadratic time.
    private static void Reorder(UnicodeTables tables, List<int> text)
    {
        for (int start = 0; start < text.Count; start++)
        {
            if (text[start] < 0x300 || tables.CombiningClass(text[start]) == 0)
                continue;
            int end = start + 1;
            while (end < text.Count && tables.CombiningClass(text[end]) != 0)
                end++;
            if (end - start > 1)
            {
                int[] sorted = [.. text.GetRange(start, end - start).OrderBy(tables.CombiningClass)];
                for (int i = 0; i < sorted.Length; i++)
                    text[start + i] = sorted[i];
            }

            start = end;
        }
    }

    private static void Compose(UnicodeTables tables, List<int> text)
    {
        int starter = -1;
        int lastClass = -1;
        int kept = 0;
        for (int i = 0; i < text.Count; i++)
        {
            int codePoint = text[i];
            int combining = tables.CombiningClass(codePoint);
            bool blocked = lastClass >= combining && lastClass != -1;
            int composed = starter >= 0 && !blocked ? Pair(tables, text[starter], codePoint) : -1;
            if (composed >= 0)
            {
                text[starter] = composed;
                continue;
            }

            if (combining == 0)
                (starter, lastClass) = (kept, -1);
            else
                lastClass = combining;
            text[kept++] = codePoint;
        }

        text.RemoveRange(kept, text.Count - kept);
    }

    private static int Pair(UnicodeTables tables, int first, int second)
    {
        if ((uint)(first - LeadBase) < 19 && (uint)(second - VowelBase) < Vowels)
            return HangulBase + ((((first - LeadBase) * Vowels) + second - VowelBase) * Tails);
        int syllable = first - HangulBase;
        if ((uint)syllable < Syllables && syllable % Tails == 0 && second > TailBase && second < TailBase + Tails)
            return first + second - TailBase;
        return tables.Composition(first, second);
    }
}
