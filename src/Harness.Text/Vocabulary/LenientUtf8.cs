using System.Text.Unicode;

namespace Harness.Text.Vocabulary;

/// <summary>
/// UTF-8 as tokenizers need it: input may be invalid. The rules are those of llama.cpp's <c>unicode.cpp</c>, because
/// its ids are the reference.
/// </summary>
internal static class LenientUtf8
{
    /// <summary>How many bytes a sequence has, by its first byte alone; a stray continuation byte counts as one.</summary>
    public static int OfLeadByte(byte lead) => lead switch
    {
        < 0xC0 => 1,
        < 0xE0 => 2,
        < 0xF0 => 3,
        _ => 4,
    };

    /// <summary>The code point at the start of well-formed text (see <see cref="Repair"/>).</summary>
    public static int DecodeFirst(ReadOnlySpan<byte> utf8) => utf8[0] switch
    {
        < 0x80 => utf8[0],
        < 0xE0 => ((utf8[0] & 0x1F) << 6) | (utf8[1] & 0x3F),
        < 0xF0 => ((utf8[0] & 0x0F) << 12) | ((utf8[1] & 0x3F) << 6) | (utf8[2] & 0x3F),
        _ => ((utf8[0] & 0x07) << 18) | ((utf8[1] & 0x3F) << 12) | ((utf8[2] & 0x3F) << 6) | (utf8[3] & 0x3F),
    };

    /// <summary>
    /// Makes text well-formed: each byte that begins no sequence becomes U+FFFD, an overlong form becomes the short
    /// one, surrogates stay. Valid text is returned as it is.
    /// </summary>
    public static ReadOnlySpan<byte> Repair(ReadOnlySpan<byte> utf8) => Utf8.IsValid(utf8) ? utf8 : RepairInvalid(utf8);

    private static byte[] RepairInvalid(ReadOnlySpan<byte> utf8)
    {
        var result = new List<byte>(utf8.Length + 16);
        Span<byte> encoded = stackalloc byte[4];
        while (!utf8.IsEmpty)
        {
            int length = WholeSequence(utf8);
            int codePoint = length > 0 ? DecodeFirst(utf8) : 0xFFFD;
            if (codePoint > 0x10FFFF)
                codePoint = 0xFFFD;
            result.AddRange(encoded[..Encode(codePoint, encoded)]);
            utf8 = utf8[Math.Max(1, length)..];
        }

        return [.. result];
    }

    /// <summary>
    /// How many bytes the sequence at the start has, or 0 when it is none: overlong forms, surrogates and numbers beyond
    /// U+10FFFF pass.
    /// </summary>
    public static int WholeSequence(ReadOnlySpan<byte> utf8)
    {
        if (utf8[0] < 0x80)
            return 1;
        int length = utf8[0] is < 0xC0 or > 0xF7 ? 0 : OfLeadByte(utf8[0]);
        bool whole = length > 0 && length <= utf8.Length && utf8[1..length].IndexOfAnyExceptInRange((byte)0x80, (byte)0xBF) < 0;
        return whole ? length : 0;
    }

    /// <summary>Writes a code point, surrogates too.</summary>
    public static int Encode(int codePoint, Span<byte> utf8)
    {
        switch (codePoint)
        {
            case < 0x80:
                utf8[0] = (byte)codePoint;
                return 1;
            case < 0x800:
                utf8[0] = (byte)(0xC0 | (codePoint >> 6));
                utf8[1] = (byte)(0x80 | (codePoint & 0x3F));
                return 2;
            case < 0x10000:
                utf8[0] = (byte)(0xE0 | (codePoint >> 12));
                utf8[1] = (byte)(0x80 | ((codePoint >> 6) & 0x3F));
                utf8[2] = (byte)(0x80 | (codePoint & 0x3F));
                return 3;
            default:
                utf8[0] = (byte)(0xF0 | (codePoint >> 18));
                utf8[1] = (byte)(0x80 | ((codePoint >> 12) & 0x3F));
                utf8[2] = (byte)(0x80 | ((codePoint >> 6) & 0x3F));
                utf8[3] = (byte)(0x80 | (codePoint & 0x3F));
                return 4;
        }
    }
}
