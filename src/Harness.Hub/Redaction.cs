namespace Harness.Hub;

/// <summary>What of an address may be shown: signed queries and embedded credentials are secrets.</summary>
internal static class Redaction
{
    /// <summary>Scheme, host, port and path; nothing else.</summary>
    public static string Address(Uri uri) =>
        uri.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped).TrimEnd('/');

    /// <summary>A server's free text: one line, printable, bounded, and without the token should it echo it.</summary>
    public static string Text(string? text, string? token, int limit = 300)
    {
        if (string.IsNullOrWhiteSpace(text))
            return "";
        if (!string.IsNullOrEmpty(token))
            text = text.Replace(token, "<token>", StringComparison.Ordinal);
        string line = string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c)).Trim();
        return line.Length <= limit ? line : line[..limit] + "…";
    }
}
