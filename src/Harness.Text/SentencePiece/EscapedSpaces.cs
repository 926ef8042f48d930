namespace Harness.Text.SentencePiece;

/// <summary>Writes spaces as SentencePiece does: U+2581, three bytes for one.</summary>
internal static class EscapedSpaces
{
    private static ReadOnlySpan<byte> Mark => [0xE2, 0x96, 0x81];

    /// <summary>Writes a text with its spaces escaped.</summary>
    /// <param name="utf8">The text.</param>
    /// <param name="prefix">Whether a space goes in front.</param>
    /// <param name="session">Its buffer receives the text.</param>
    /// <returns>The escaped text.</returns>
    public static ReadOnlySpan<byte> Write(ReadOnlySpan<byte> utf8, bool prefix, EncodingSession session)
    {
        int spaces = utf8.Count((byte)' ') + (prefix ? 1 : 0);
        int length = checked(utf8.Length + (prefix ? 1 : 0) + (2 * spaces));
        if (session.Bytes.Length < length)
            session.Bytes = new byte[length];
        Span<byte> text = session.Bytes.AsSpan(0, length);
        int at = 0;
        if (prefix)
        {
            Mark.CopyTo(text);
            at = Mark.Length;
        }

        while (!utf8.IsEmpty)
        {
            int space = utf8.IndexOf((byte)' ');
            int plain = space < 0 ? utf8.Length : space;
            utf8[..plain].CopyTo(text[at..]);
            at += plain;
            if (space < 0)
                break;
            Mark.CopyTo(text[at..]);
            at += Mark.Length;
            utf8 = utf8[(space + 1)..];
        }

        return text;
    }
}
