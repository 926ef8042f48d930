using System.Globalization;
using System.Text;

namespace Harness.Matrix;

/// <summary>How messages put things.</summary>
internal static class Wording
{
    /// <summary>A word from a file, quoted and bounded.</summary>
    public static string Quote(string word)
    {
        const int longest = 60;
        return "'" + Visible(word.Length > longest ? word[..longest] + "…" : word) + "'";
    }

    /// <summary>A text with nothing in it that could redraw a terminal: such characters are written as escapes.</summary>
    public static string Visible(string text)
    {
        if (!text.Any(Hidden)) return text;
        StringBuilder visible = new();
        foreach (char c in text)
        {
            if (Hidden(c)) visible.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture));
            else visible.Append(c);
        }

        return visible.ToString();
    }

    private static bool Hidden(char c) => char.IsControl(c) || CharUnicodeInfo.GetUnicodeCategory(c) is
        UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    /// <summary>"did you mean 'x'? there are a, b, c".</summary>
    public static string NearestOf(string word, IReadOnlyCollection<string> allowed)
    {
        string list = Listing(allowed);
        return NearestWord.Find(word, allowed) is { } near ? $"did you mean '{near}'? {list}" : list;
    }

    /// <summary>"there are a, b, c", bounded.</summary>
    public static string Listing(IReadOnlyCollection<string> allowed)
    {
        const int most = 20;
        if (allowed.Count == 0) return "there are none";
        string list = string.Join(", ", allowed.Take(most));
        return allowed.Count > most
            ? string.Create(CultureInfo.InvariantCulture, $"there are {list} and {allowed.Count - most} more")
            : (allowed.Count == 1 ? "there is only " : "there are ") + list;
    }

    /// <summary>Bytes as a person reads them: <c>1.2 GiB</c>.</summary>
    public static string Bytes(long bytes)
    {
        string[] units = ["B", "KiB", "MiB", "GiB", "TiB"];
        double value = bytes;
        int unit = 0;
        while (value >= 1024 && unit < units.Length - 1)
        {
            value /= 1024;
            unit++;
        }

        return value.ToString(unit == 0 ? "0" : "0.0", CultureInfo.InvariantCulture) + " " + units[unit];
    }
}
