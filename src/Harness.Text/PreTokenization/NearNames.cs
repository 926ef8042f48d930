namespace Harness.Text.PreTokenization;

/// <summary>Finds the known names most like an unknown one, for error messages.</summary>
internal static class NearNames
{
    /// <summary>At most five names within a third of the word's length in edits, or that hold it or lie in it.</summary>
    public static IReadOnlyList<string> Of(string name, IEnumerable<string> known)
    {
        // A name from a hostile file may be long; nothing near it is worth a quadratic search.
        if (name.Length > 100)
            return [];
        return
        [
            .. known
                .Select(candidate => (candidate, distance: Distance(name, candidate)))
                .Where(x => x.distance <= Math.Max(2, name.Length / 3) || Overlaps(name, x.candidate))
                .OrderBy(x => x.distance)
                .ThenBy(x => x.candidate, StringComparer.Ordinal)
                .Take(5)
                .Select(x => x.candidate),
        ];
    }

    private static bool Overlaps(string name, string candidate) =>
        name.Length >= 3
        && (candidate.Contains(name, StringComparison.OrdinalIgnoreCase)
            || name.Contains(candidate, StringComparison.OrdinalIgnoreCase));

    // Levenshtein distance, case ignored, one row at a time.
    private static int Distance(string a, string b)
    {
        var row = new int[b.Length + 1];
        for (int j = 0; j < row.Length; j++)
            row[j] = j;
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                bool same = char.ToUpperInvariant(a[i - 1]) == char.ToUpperInvariant(b[j - 1]);
                int replaced = diagonal + (same ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
