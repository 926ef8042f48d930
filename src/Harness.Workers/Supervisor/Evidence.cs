using System.Globalization;
using System.Text;

namespace Harness.Workers;

/// <summary>Makes foreign bytes fit to be quoted: bounded, printable, on one line.</summary>
internal static class Evidence
{
    private const int QuotedBytes = 200;

    /// <summary>The start of some bytes in quotation marks, anything unprintable as <c>\xNN</c>.</summary>
    public static string Quote(ReadOnlySpan<byte> bytes)
    {
        StringBuilder text = new("\"");
        foreach (byte b in bytes[..Math.Min(bytes.Length, QuotedBytes)])
        {
            if (b is >= 0x20 and < 0x7F and not (byte)'"' and not (byte)'\\')
                text.Append((char)b);
            else
                text.Append(CultureInfo.InvariantCulture, $"\\x{b:X2}");
        }

        text.Append('"');
        if (bytes.Length > QuotedBytes)
            text.Append(CultureInfo.InvariantCulture, $"… ({bytes.Length} bytes)");
        return text.ToString();
    }

    /// <summary>A log as text: invalid UTF-8 replaced, control characters other than newline and tab dropped.</summary>
    public static string Readable(ReadOnlySpan<byte> bytes)
    {
        StringBuilder text = new(bytes.Length);
        foreach (char c in Encoding.UTF8.GetString(bytes))
        {
            if (!char.IsControl(c) || c is '\n' or '\t')
                text.Append(c);
        }

        return text.ToString();
    }

    /// <summary>A worker's own words, bounded and on one line.</summary>
    public static string Sentence(string message, int limit = 16 << 10)
    {
        StringBuilder text = new(Math.Min(message.Length, limit));
        foreach (char c in message)
        {
            if (text.Length == limit)
                return text.Append('…').ToString();
            if (char.IsSurrogate(c) || !char.IsControl(c))
                text.Append(c);
            else if (c is '\n' or '\t')
                text.Append(' ');
        }

        return text.ToString().Trim();
    }

    /// <summary>A time as messages write it.</summary>
    public static string Seconds(TimeSpan time) =>
        string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.###} s");

    /// <summary>A size as messages write it.</summary>
    public static string MiB(long bytes) =>
        string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:0.#} MiB");
}
