using System.Globalization;

namespace Harness.Matrix.Yaml;

/// <summary>Numbers with a unit, as matrices write them.</summary>
internal static class Quantity
{
    public static bool TryDuration(string text, out TimeSpan value)
    {
        value = default;
        if (!Split(text, out double number, out string unit)) return false;
        double seconds = number * unit switch { "ms" => 0.001, "s" => 1, "m" => 60, "h" => 3600, "d" => 86400, _ => -1 };
        if (!(seconds > 0) || seconds > 7 * 86400) return false;
        value = TimeSpan.FromSeconds(seconds);
        return true;
    }

    public static bool TrySize(string text, out long value)
    {
        value = 0;
        if (!Split(text, out double number, out string unit)) return false;
        double bytes = number * unit switch
        {
            "B" => 1,
            "KiB" => 1024.0,
            "MiB" => 1024.0 * 1024,
            "GiB" => 1024.0 * 1024 * 1024,
            "TiB" => 1024.0 * 1024 * 1024 * 1024,
            _ => -1,
        };
        if (!(bytes >= 1) || bytes > 1L << 60) return false;
        value = (long)bytes;
        return true;
    }

    /// <summary>A count of weights: digits, or with K, M, B or T for the powers of a thousand.</summary>
    public static bool TryCount(string text, out long value)
    {
        value = 0;
        if (!Split(text, out double number, out string unit)) return false;
        double count = number * unit switch { "" => 1, "K" => 1e3, "M" => 1e6, "B" => 1e9, "T" => 1e12, _ => -1 };
        if (!(count >= 1) || count > 1e15) return false;
        value = (long)Math.Round(count);
        return true;
    }

    private static bool Split(string text, out double number, out string unit)
    {
        int end = text.Length;
        while (end > 0 && char.IsAsciiLetter(text[end - 1])) end--;
        unit = text[end..];
        return double.TryParse(text.AsSpan(0, end).TrimEnd(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number);
    }
}
