namespace Harness.Text.Templates.Builtins;

/// <summary>Python's ways to take a text apart.</summary>
internal static class Splitting
{
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
        var parts = new Parts(state);
        switch (separator, fromEnd)
        {
            case (null, false): Spaces(parts, text, most); break;
            case (null, true): SpacesFromEnd(parts, text, most); break;
            case (_, false): At(parts, text, separator, most); break;
            default: AtFromEnd(state, parts, text, separator, most); break;
        }

        return parts.ToList(reversed: fromEnd);
    }

    /// <summary>What is before, the separator, what is behind.</summary>
    public static PyTuple Partition(string text, string separator, bool last)
    {
        if (separator.Length == 0) throw TemplateException.Failed("empty separator");
        int at = last ? TextSearch.LastIndexOf(text, separator) : TextSearch.IndexOf(text, separator);
        if (at < 0) return last ? new PyTuple(["", "", text]) : new PyTuple([text, "", ""]);
        return new PyTuple([text[..at], separator, text[(at + separator.Length)..]]);
    }

    private static void At(Parts parts, string text, string separator, int most)
    {
        int from = 0;
        var search = new TextSearch(text, separator);
        for (int at; parts.Count < most && (at = search.Next(from)) >= 0; from = at + separator.Length)
            parts.Add(text[from..at]);
        parts.Add(text[from..]);
    }

    private static void AtFromEnd(RenderState state, Parts parts, string text, string separator, int most)
    {
        int to = text.Length;
        for (int at; parts.Count < most && (at = TextSearch.LastIndexOf(text.AsSpan(0, to), separator)) >= 0; to = at)
        {
            parts.Add(text[(at + separator.Length)..to]);
            if (separator.Length > TextSearch.LongestSimple) state.Read(to);
        }

        parts.Add(text[..to]);
    }

    private static void Spaces(Parts parts, string text, int most)
    {
        int at = 0;
        while (true)
        {
            while (at < text.Length && PyText.IsSpace(text[at])) at++;
            if (at == text.Length) return;
            if (parts.Count == most)
            {
                parts.Add(text[at..]);
                return;
            }

            int end = at;
            while (end < text.Length && !PyText.IsSpace(text[end])) end++;
            parts.Add(text[at..end]);
            at = end;
        }
    }

    private static void SpacesFromEnd(Parts parts, string text, int most)
    {
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
    }

    /// <summary>The parts found, counted one by one: there may be as many as characters.</summary>
    private sealed class Parts(RenderState state)
    {
        private const int PartSize = 48;

        private readonly List<object?> _found = [];

        public int Count => _found.Count;

        public void Add(string part)
        {
            state.Charge(PartSize + (part.Length * (long)sizeof(char)));
            _found.Add(part);
        }

        public PyList ToList(bool reversed)
        {
            if (reversed) _found.Reverse();
            return new PyList(_found);
        }
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
        int at = last ? wanted.Length == 0 ? part.Length : TextSearch.LastIndexOf(part, wanted) : TextSearch.IndexOf(part, wanted);
        return at < 0 ? -1 : PyText.CharacterIndex(text, from + at);
    }

    /// <summary>How often a text is in another, without overlapping.</summary>
    public static object Count(string text, object?[] given)
    {
        string wanted = given[0].Text("sub");
        if (!TryPart(text, given, out int from, out int to)) return 0L;
        string part = text[from..to];
        if (wanted.Length == 0) return PyText.Length(part) + 1L;
        var search = new TextSearch(part, wanted);
        long count = 0;
        for (int at = 0; (at = search.Next(at)) >= 0; at += wanted.Length) count++;
        return count;
    }
}
