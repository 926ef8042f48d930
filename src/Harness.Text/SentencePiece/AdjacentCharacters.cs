using Harness.Text.Vocabulary;

namespace Harness.Text.SentencePiece;

/// <summary>
/// Which two characters stand side by side in some token. Where two characters of a text never do, no merge can
/// cross, so the text may be cut there without changing any id: long texts become short words.
/// </summary>
internal sealed class AdjacentCharacters
{
    private readonly bool[] ascii = new bool[128 * 128];
    private readonly HashSet<ulong> others = [];

    /// <summary>Adds the pairs of a token.</summary>
    public void Add(ReadOnlySpan<byte> token)
    {
        int at = 0;
        uint previous = 0;
        while (at < token.Length)
        {
            uint next = Character(token, at, out int length);
            if (at > 0 && (previous | next) < 0x80)
                ascii[(previous * 128) + next] = true;
            else if (at > 0)
                others.Add(((ulong)previous << 32) | next);
            previous = next;
            at += length;
        }
    }

    /// <summary>Whether the characters may be part of one token.</summary>
    public bool MayJoin(uint left, uint right) =>
        (left | right) < 0x80 ? ascii[(left * 128) + right] : others.Contains(((ulong)left << 32) | right);

    /// <summary>The end of the part of a text that begins at a place: the first spot after it that no token crosses.</summary>
    public int PartEnd(ReadOnlySpan<byte> text, int start)
    {
        uint previous = Character(text, start, out int length);
        int at = start + length;
        while (at < text.Length)
        {
            uint next = Character(text, at, out length);
            if (!MayJoin(previous, next))
                break;
            previous = next;
            at += length;
        }

        return at;
    }

    /// <summary>The character at a place, as a number: its bytes, the first highest.</summary>
    /// <param name="utf8">The text.</param>
    /// <param name="at">Its first byte.</param>
    /// <param name="length">How many bytes it has; cut short at the end of the text.</param>
    public static uint Character(ReadOnlySpan<byte> utf8, int at, out int length)
    {
        byte lead = utf8[at];
        length = Math.Min(LenientUtf8.OfLeadByte(lead), utf8.Length - at);
        uint character = lead;
        foreach (byte b in utf8.Slice(at + 1, length - 1))
            character = (character << 8) | b;
        return character;
    }
}
