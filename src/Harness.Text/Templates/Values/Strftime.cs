using System.Globalization;
using System.Text;

namespace Harness.Text.Templates.Values;

/// <summary>The C library's <c>strftime</c> in the C locale, which is what Python's <c>strftime_now</c> prints.</summary>
internal static class Strftime
{
    /// <summary>Formats a time.</summary>
    public static string Format(string pattern, DateTimeOffset time)
    {
        var made = new StringBuilder();
        for (int i = 0; i < pattern.Length; i++)
        {
            if (pattern[i] != '%' || i + 1 == pattern.Length)
            {
                made.Append(pattern[i]);
                continue;
            }

            char flag = '\0';
            i++;
            while (i + 1 < pattern.Length && pattern[i] is '-' or '_' or '0' or '^' or '#') flag = pattern[i++];
            if (i + 1 < pattern.Length && pattern[i] is 'E' or 'O') i++;
            string? text = One(pattern[i], time);
            made.Append(text is null ? "%" + (flag == '\0' ? "" : flag) + pattern[i] : Flagged(flag, pattern[i], text));
        }

        return made.ToString();
    }

    private static string Flagged(char flag, char directive, string text) => flag switch
    {
        '-' when char.IsAsciiDigit(text[0]) || text[0] == ' ' => text.TrimStart('0', ' ') is { Length: > 0 } shorter ? shorter : "0",
        '_' when char.IsAsciiDigit(text[0]) && directive is not ('D' or 'F' or 'T' or 'R') => Spaces(text),
        '0' when text[0] == ' ' => text.Replace(' ', '0'),
        '^' => text.ToUpperInvariant(),
        '#' => directive is 'p' or 'Z' ? text.ToLowerInvariant() : text.ToUpperInvariant(),
        _ => text,
    };

    private static string Spaces(string text)
    {
        string digits = text.TrimStart('0');
        if (digits.Length == 0) digits = "0";
        return digits.PadLeft(text.Length);
    }

    private static string? One(char directive, DateTimeOffset time)
    {
        CultureInfo plain = CultureInfo.InvariantCulture;
        return directive switch
        {
            'a' => time.ToString("ddd", plain),
            'A' => time.ToString("dddd", plain),
            'b' or 'h' => time.ToString("MMM", plain),
            'B' => time.ToString("MMMM", plain),
            'c' => Format("%a %b %e %H:%M:%S %Y", time),
            'C' => (time.Year / 100).ToString("00", plain),
            'd' => time.ToString("dd", plain),
            'D' or 'x' => Format("%m/%d/%y", time),
            'e' => time.Day.ToString(plain).PadLeft(2),
            'f' => (time.Ticks % TimeSpan.TicksPerSecond / 10).ToString("000000", plain),
            'F' => Format("%Y-%m-%d", time),
            'g' => (ISOWeek.GetYear(time.DateTime) % 100).ToString("00", plain),
            'G' => ISOWeek.GetYear(time.DateTime).ToString(plain),
            'H' => time.ToString("HH", plain),
            'I' => time.ToString("hh", plain),
            'j' => time.DayOfYear.ToString("000", plain),
            'k' => time.Hour.ToString(plain).PadLeft(2),
            'l' => (((time.Hour + 11) % 12) + 1).ToString(plain).PadLeft(2),
            'm' => time.ToString("MM", plain),
            'M' => time.ToString("mm", plain),
            'n' => "\n",
            'p' => time.Hour < 12 ? "AM" : "PM",
            'P' => time.Hour < 12 ? "am" : "pm",
            'r' => Format("%I:%M:%S %p", time),
            'R' => Format("%H:%M", time),
            's' => time.ToUnixTimeSeconds().ToString(plain),
            'S' => time.ToString("ss", plain),
            't' => "\t",
            'T' or 'X' => Format("%H:%M:%S", time),
            'u' => (((int)time.DayOfWeek + 6) % 7 + 1).ToString(plain),
            'U' => ((time.DayOfYear + 6 - (int)time.DayOfWeek) / 7).ToString("00", plain),
            'V' => ISOWeek.GetWeekOfYear(time.DateTime).ToString("00", plain),
            'w' => ((int)time.DayOfWeek).ToString(plain),
            'W' => ((time.DayOfYear + 6 - (((int)time.DayOfWeek + 6) % 7)) / 7).ToString("00", plain),
            'y' => (time.Year % 100).ToString("00", plain),
            'Y' => time.Year.ToString(plain),
            // The time is one without a zone, as datetime.now() is.
            'z' or 'Z' => "",
            '%' => "%",
            _ => null,
        };
    }
}
