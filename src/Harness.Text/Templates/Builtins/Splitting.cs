namespace Harness.Text.Templates.Builtins;

/// <summary>Python's ways to take a text apart.</summary>
internal static class Splitting
{
    /// <summary>A list of texts.</summary>
    public static PyList List(RenderState state, IReadOnlyCollection<string> parts)
    {
        state.ChargeItems(parts.Count * 3L);
        state.Charge(parts.Sum(part => (long)part.Length) * sizeof(char));
        return new PyList([.. parts]);
    }

    /// <summary>Splits at a separator, or at white space.</summary>
    /// <param name="state">The rendering.</param>
    /// <param name="text">The text.</param>
    /// <param name="separator">The separator; null splits at runs of white space and drops empty parts.</param>
    /// <param name="most">Splits at most; negative for no bound.</param>
    /// <param name="fromEnd">Whether splits are counted from the end.</param>
    public static PyList Split(RenderState state, string text, string? separator, int most, bool fromEnd)
    {
        if (separator is "") throw TemplateException.Failed("empty separator");
        if (most < 0) most = int.MaxValue;
        return List(state, (separator, fromEnd) switch
        {
            (null, false) => Spaces(text, most),
            (null, true) => SpacesFromEnd(text, most),
            (_, false) => At(text, separator, most),
            _ => AtFromEnd(text, separator, most),
        });
    }

    /// <summary>What is before, the separator, what is behind.</summary>
    public static PyTuple Partition(string text, string separator, bool last)
    {
        if (separator.Length == 0) throw TemplateException.Failed("empty separator");
        int at = last ? text.LastIndexOf(separator, StringComparison.Ordinal) : text.IndexOf(separator, StringComparison.Ordinal);
        if (at < 0) return last ? new PyTuple(["", "", text]) : new PyTuple([text, "", ""]);
        return new PyTuple([text[..at], separator, text[(at + separator.Length)..]]);
    }

    private static List<string> At(string text, string separator, int most)
    {
        var parts = new List<string>();
        int from = 0;
        for (int at; parts.Count < most && (at = text.IndexOf(separator, from, StringComparison.Ordinal)) >= 0; from = at + separator.Length)
            parts.Add(text[from..at]);
        parts.Add(text[from..]);
        return parts;
    }

    private static List<string> AtFromEnd(string text, string separator, int most)
    {
        var parts = new List<string>();
        int to = text.Length;
        for (int at; parts.Count < most && (at = text.AsSpan(0, to).LastIndexOf(separator)) >= 0; to = at)
            parts.Add(text[(at + separator.Length)..to]);
        parts.Add(text[..to]);
        parts.Reverse();
        return parts;
    }

    private static List<string> Spaces(string text, int most)
    {
        var parts = new List<string>();
        int at = 0;
        while (true)
        {
            while (at < text.Length && PyText.IsSpace(text[at])) at++;
            if (at == text.Length) return parts;
            if (parts.Count == most)
            {
                parts.Add(text[at..]);
                return parts;
            }

            int end = at;
            while (end < text.Length && !PyText.IsSpace(text[end])) end++;
            parts.Add(text[at..end]);
            at = end;
        }
    }

    private static List<string> SpacesFromEnd(string text, int most)
    {
        var parts = new List<string>();
        int end = text.Length;
        while (true)
        {
            while (end > 0 && PyText.IsSpace(text[end - 1])) end--;
            if (end == 0) break;
            if (parts.Count == most)
            {
                parts.Add(text[..end]);
                break;
            }

            int start = end;
            while (start > 0 && !PyText.IsSpace(text[start - 1])) start--;
            parts.Add(text[start..end]);
            end = start;
        }

        parts.Reverse();
        return parts;
    }
}

/// <summary>Python's ways to find a text in another, between bounds.</summary>
internal static class Search
{
    /// <summary>The part between the bounds, which are the second and third argument.</summary>
    /// <returns>False when the bounds leave no part, not even an empty one.</returns>
    public static bool TryPart(string text, object?[] given, out int from, out int to)
    {
        int length = PyText.Length(text);
        long start = given[1].Or(null) is { } first ? PyNumber.Index(first) : 0;
        long end = given[2].Or(null) is { } last ? PyNumber.Index(last) : length;
        if (start < 0) start = Math.Max(0, Math.Max(start, -length) + length);
        if (end < 0) end = Math.Max(0, Math.Max(end, -length - 1) + length);
        end = Math.Min(end, length);
        from = to = 0;
        if (start > end) return false;
        from = PyText.UnitIndex(text, (int)start);
        to = PyText.UnitIndex(text, (int)end);
        return true;
    }

    /// <summary>Where a text begins in another, or -1.</summary>
    public static long Find(string text, object?[] given, bool last)
    {
        string wanted = given[0].Text("sub");
        if (!TryPart(text, given, out int from, out int to)) return -1;
        ReadOnlySpan<char> part = text.AsSpan(from, to - from);
        int at = last ? wanted.Length == 0 ? part.Length : part.LastIndexOf(wanted) : part.IndexOf(wanted);
        return at < 0 ? -1 : PyText.CharacterIndex(text, from + at);
    }

    /// <summary>How often a text is in another, without overlapping.</summary>
    public static object Count(string text, object?[] given)
    {
        string wanted = given[0].Text("sub");
        if (!TryPart(text, given, out int from, out int to)) return 0L;
        string part = text[from..to];
        return wanted.Length == 0 ? PyText.Length(part) + 1L : (long)part.AsSpan().Count(wanted);
    }
}
