using System.Globalization;

namespace Harness.Cli;

/// <summary>Sizes, counts and times as a person reads them.</summary>
internal static class Amounts
{
    /// <summary>Bytes: <c>4.7 GiB</c>, <c>469 MiB</c>, <c>12 KiB</c>, <c>80 B</c>.</summary>
    public static string Bytes(long bytes)
    {
        (double value, string unit) = bytes switch
        {
            >= 1L << 40 => (bytes / (double)(1L << 40), "TiB"),
            >= 1L << 30 => (bytes / (double)(1L << 30), "GiB"),
            >= 1L << 20 => (bytes / (double)(1L << 20), "MiB"),
            >= 1L << 10 => (bytes / 1024.0, "KiB"),
            _ => (bytes, "B"),
        };
        return value.ToString(unit == "B" || value >= 100 ? "0" : "0.0", CultureInfo.InvariantCulture) + " " + unit;
    }

    /// <summary>A count: <c>7.6B</c>, <c>494M</c>, <c>12K</c>, <c>80</c>.</summary>
    public static string Count(long count)
    {
        (double value, string unit) = count switch
        {
            >= 1_000_000_000_000 => (count / 1e12, "T"),
            >= 1_000_000_000 => (count / 1e9, "B"),
            >= 1_000_000 => (count / 1e6, "M"),
            >= 1_000 => (count / 1e3, "K"),
            _ => (count, ""),
        };
        return value.ToString(unit.Length == 0 || value >= 100 ? "0" : "0.#", CultureInfo.InvariantCulture) + unit;
    }

    /// <summary>How long ago: <c>now</c>, <c>5 min ago</c>, <c>3 h ago</c>, <c>2 days ago</c>; a date after two months.</summary>
    public static string Ago(DateTime? time, DateTime now)
    {
        if (time is not { } then) return "–";
        TimeSpan age = now - then.ToUniversalTime();
        FormattableString text = age.TotalMinutes < 2 ? $"now"
            : age.TotalHours < 2 ? $"{age.TotalMinutes:0} min ago"
            : age.TotalDays < 2 ? $"{age.TotalHours:0} h ago"
            : age.TotalDays < 60 ? (FormattableString)$"{age.TotalDays:0} days ago" : $"{then:yyyy-MM-dd}";
        return FormattableString.Invariant(text);
    }

    /// <summary>A number with its noun: <c>1 file</c>, <c>3 files</c>.</summary>
    public static string Of(long number, string noun) =>
        string.Create(CultureInfo.InvariantCulture, $"{number} {(number == 1 ? noun : noun.EndsWith('y') ? noun[..^1] + "ies" : noun + "s")}");
}
