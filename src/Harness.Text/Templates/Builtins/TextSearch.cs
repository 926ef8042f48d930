namespace Harness.Text.Templates.Builtins;

/// <summary>
/// Finds a text in another in linear time, whatever they are: the runtime's search compares at every place that looks
/// promising, which for a long text sought among its likes takes for ever.
/// </summary>
/// <param name="text">What is searched.</param>
/// <param name="part">What is sought; not empty.</param>
internal ref struct TextSearch(ReadOnlySpan<char> text, ReadOnlySpan<char> part)
{
    /// <summary>Up to here the runtime's search is faster and can lose little.</summary>
    public const int LongestSimple = 16;

    private readonly ReadOnlySpan<char> _text = text;
    private readonly ReadOnlySpan<char> _part = part;
    private int[]? _borders;

    /// <summary>The first place of a text in another, or -1.</summary>
    public static int IndexOf(ReadOnlySpan<char> text, ReadOnlySpan<char> part) => new TextSearch(text, part).Next(0);

    /// <summary>The last place of a text in another, or -1.</summary>
    public static int LastIndexOf(ReadOnlySpan<char> text, ReadOnlySpan<char> part)
    {
        if (part.Length <= LongestSimple || text.Length <= LongestSimple * LongestSimple || part.Length > text.Length) return text.LastIndexOf(part);
        char[] backText = text.ToArray(), backPart = part.ToArray();
        Array.Reverse(backText);
        Array.Reverse(backPart);
        int at = IndexOf(backText, backPart);
        return at < 0 ? -1 : text.Length - at - part.Length;
    }

    /// <summary>The next place from an index on, or -1.</summary>
    public int Next(int from)
    {
        if (from > _text.Length || _part.Length > _text.Length - from) return -1;
        if (_part.Length <= LongestSimple || _text.Length <= LongestSimple * LongestSimple)
        {
            int at = _text[from..].IndexOf(_part);
            return at < 0 ? -1 : from + at;
        }

        // Knuth, Morris and Pratt: how much of what was found still stands where the next character is another.
        _borders ??= Borders(_part);
        int matched = 0;
        for (int i = from; i < _text.Length; i++)
        {
            while (matched > 0 && _text[i] != _part[matched]) matched = _borders[matched - 1];
            if (_text[i] == _part[matched]) matched++;
            if (matched == _part.Length) return i + 1 - matched;
        }

        return -1;
    }

    private static int[] Borders(ReadOnlySpan<char> part)
    {
        int[] borders = new int[part.Length];
        for (int i = 1, matched = 0; i < part.Length; i++)
        {
            while (matched > 0 && part[i] != part[matched]) matched = borders[matched - 1];
            if (part[i] == part[matched]) matched++;
            borders[i] = matched;
        }

        return borders;
    }
}
