using System.Text;
using HandlebarsDotNet;

namespace Harness.Reporting;

/// <summary>
/// Escapes text for Markdown table cells and paragraphs: hostile error texts, pipes, line breaks, back-ticks and
/// HTML stay text. Handlebars escapes for HTML by default, which is wrong inside Markdown.
/// </summary>
public sealed class MarkdownEncoder : ITextEncoder
{
    /// <summary>Escapes a text.</summary>
    /// <param name="text">The text.</param>
    public static string Escape(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var escaped = new StringBuilder(text.Length + 8);
        foreach (Rune rune in text.EnumerateRunes()) Append(escaped, rune);
        return escaped.ToString();
    }

    /// <summary>
    /// A code span that holds any text on one line: the fence is longer than any run of back-ticks inside, and pipes
    /// are escaped as GitHub's tables ask even inside code.
    /// </summary>
    /// <param name="text">The text.</param>
    public static string Code(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length == 0) return "";
        var line = new StringBuilder(text.Length + 4);
        foreach (Rune rune in text.ReplaceLineEndings("⏎").EnumerateRunes())
        {
            if (rune.Value == '|') line.Append("\\|");
            else line.Append(IsInvisible(rune) ? new Rune('\uFFFD') : rune);
        }

        string content = line.ToString();
        int longest = 0, current = 0;
        foreach (char c in content)
        {
            current = c == '`' ? current + 1 : 0;
            longest = Math.Max(longest, current);
        }

        string fence = new('`', longest + 1);
        bool padded = longest > 0 || content.StartsWith(' ') || content.EndsWith(' ');
        return padded && content.Trim().Length > 0 ? $"{fence} {content} {fence}" : $"{fence}{content}{fence}";
    }

    /// <inheritdoc/>
    public void Encode(StringBuilder? text, TextWriter target) => target?.Write(Escape(text?.ToString() ?? ""));

    /// <inheritdoc/>
    public void Encode(string? text, TextWriter target) => target?.Write(Escape(text ?? ""));

    /// <inheritdoc/>
    public void Encode<T>(T? text, TextWriter target)
        where T : IEnumerator<char>
    {
        var all = new StringBuilder();
        while (text is not null && text.MoveNext()) all.Append(text.Current);
        Encode(all, target);
    }

    private static void Append(StringBuilder escaped, Rune rune)
    {
        switch (rune.Value)
        {
            case '\r':
                break;
            case '\n':
                escaped.Append("<br>");
                break;
            case '&':
                escaped.Append("&amp;");
                break;
            case '<':
                escaped.Append("&lt;");
                break;
            case '>':
                escaped.Append("&gt;");
                break;
            case '\\' or '|' or '`' or '*' or '_' or '[' or ']' or '#' or '~' or '!':
                escaped.Append('\\').Append((char)rune.Value);
                break;
            default:
                escaped.Append(IsInvisible(rune) ? new Rune('\uFFFD') : rune);
                break;
        }
    }

    /// <summary>Control characters and bidirectional overrides, which could hide or reorder what a table says.</summary>
    private static bool IsInvisible(Rune rune) =>
        (Rune.IsControl(rune) && rune.Value != '\t') || rune.Value is (>= 0x202A and <= 0x202E) or (>= 0x2066 and <= 0x2069);
}
