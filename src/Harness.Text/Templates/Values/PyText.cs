using System.Globalization;
using System.Text;

namespace Harness.Text.Templates.Values;

/// <summary>Python's view of text: a sequence of characters of Unicode, not of UTF-16 units.</summary>
internal static class PyText
{
    private const int LineSize = 48;

    /// <summary>The text of a value that is one.</summary>
    public static bool TryGet(object? value, out string text)
    {
        text = value as string ?? (value as Markup)?.Text ?? "";
        return value is string or Markup;
    }

    /// <summary>Characters in a text.</summary>
    public static int Length(string text) => text.Length - Pairs(text);

    /// <summary>The characters, each a text.</summary>
    public static IEnumerable<object?> Characters(string text)
    {
        for (int i = 0; i < text.Length; i += Width(text, i)) yield return text.Substring(i, Width(text, i));
    }

    /// <summary>Where each character begins, with the end; or null when each is one unit.</summary>
    public static int[]? Offsets(string text)
    {
        int pairs = Pairs(text);
        if (pairs == 0) return null;
        var offsets = new int[text.Length - pairs + 1];
        for (int i = 0, at = 0; i < offsets.Length; i++, at += at < text.Length ? Width(text, at) : 0) offsets[i] = at;
        return offsets;
    }

    /// <summary>The index in characters of an index in units.</summary>
    public static int CharacterIndex(string text, int unit) => unit - Pairs(text.AsSpan(0, unit));

    /// <summary>The index in units of an index in characters, of at most the text's length.</summary>
    public static int UnitIndex(string text, int character)
    {
        if (Pairs(text) == 0) return character;
        int at = 0;
        for (; character > 0; character--) at += Width(text, at);
        return at;
    }

    /// <summary>Python's white space, which is more than .NET's.</summary>
    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\x1c' and <= '\x1f';

    public static bool IsAllSpace(ReadOnlySpan<char> text)
    {
        foreach (char c in text)
            if (!IsSpace(c)) return false;
        return true;
    }

    public static string StripStart(string text)
    {
        int start = 0;
        while (start < text.Length && IsSpace(text[start])) start++;
        return text[start..];
    }

    public static string StripEnd(string text)
    {
        int end = text.Length;
        while (end > 0 && IsSpace(text[end - 1])) end--;
        return text[..end];
    }

    /// <summary>Strips characters, or white space when none are given.</summary>
    public static string Strip(string text, string? characters, bool start, bool end)
    {
        if (characters is null)
        {
            if (start) text = StripStart(text);
            return end ? StripEnd(text) : text;
        }

        HashSet<Rune> set = [.. characters.EnumerateRunes()];
        int from = 0, to = text.Length;
        while (start && from < to && set.Contains(At(text, from))) from += Width(text, from);
        while (end && to > from && Before(text, to) is var last && set.Contains(last)) to -= last.Utf16SequenceLength;
        return text[from..to];
    }

    /// <summary>Lines, without their ends or with them.</summary>
    public static List<string> Lines(RenderState state, string text, bool keepEnds)
    {
        var lines = new List<string>();
        for (int start = 0; start < text.Length;)
        {
            int end = start;
            while (end < text.Length && !IsLineEnd(text[end])) end++;
            int next = end == text.Length ? end : text[end] == '\r' && end + 1 < text.Length && text[end + 1] == '\n' ? end + 2 : end + 1;
            state.Charge(LineSize + ((next - start) * (long)sizeof(char)));
            lines.Add(text[start..(keepEnds ? next : end)]);
            start = next;
        }

        return lines;
    }

    public static string Escape(string text) => text.AsSpan().IndexOfAny("&<>'\"") < 0 ? text : text
        .Replace("&", "&amp;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal)
        .Replace("'", "&#39;", StringComparison.Ordinal).Replace("\"", "&#34;", StringComparison.Ordinal);

    public static Rune At(string text, int at) => Rune.TryGetRuneAt(text, at, out Rune rune) ? rune : Rune.ReplacementChar;

    /// <summary>Letters, digits and underscores, as the pattern <c>\w</c> has them.</summary>
    public static bool IsWord(Rune rune) => rune.Value == '_' || Rune.IsLetter(rune) || IsNumeric(rune);

    public static bool IsNumeric(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber;

    private static Rune Before(string text, int end) =>
        end >= 2 && char.IsSurrogatePair(text[end - 2], text[end - 1]) ? At(text, end - 2) : char.IsSurrogate(text[end - 1]) ? Rune.ReplacementChar : new Rune(text[end - 1]);

    private static bool IsLineEnd(char c) => c is '\n' or '\r' or '\v' or '\f' or (>= '\x1c' and <= '\x1e') or '\x85' or '\u2028' or '\u2029';

    private static int Width(string text, int at) => at + 1 < text.Length && char.IsSurrogatePair(text[at], text[at + 1]) ? 2 : 1;

    private static int Pairs(ReadOnlySpan<char> text)
    {
        int first = text.IndexOfAnyInRange('\ud800', '\udbff');
        if (first < 0) return 0;
        int pairs = 0;
        for (int i = first; i + 1 < text.Length; i++)
        {
            if (!char.IsSurrogatePair(text[i], text[i + 1])) continue;
            pairs++;
            i++;
        }

        return pairs;
    }
}
