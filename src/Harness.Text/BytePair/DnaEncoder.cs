using Harness.Text.Vocabulary;

namespace Harness.Text.BytePair;

/// <summary>
/// Byte-pair encoding whose text between <c>&lt;dna&gt;</c> and <c>&lt;/dna&gt;</c> is cut into six letters a token, the
/// last filled up with A: the kind <c>hybriddna</c>. Its DNA tokens end in U+E000 in the vocabulary, and nowhere else.
/// </summary>
internal sealed class DnaEncoder : TextEncoder
{
    private const int Letters = 6;

    private readonly BytePairEncoder inner;
    private readonly ByteStringTable words;
    private readonly List<int> idOfWord = [];
    private readonly int open;
    private readonly int close;
    private readonly int unknown;

    /// <summary>Builds the encoder.</summary>
    /// <param name="inner">For what lies outside.</param>
    /// <param name="data">The vocabulary; without the three tokens of DNA, all text lies outside.</param>
    public DnaEncoder(BytePairEncoder inner, TokenizerData data)
    {
        this.inner = inner;
        words = new ByteStringTable(4096, 4096 * Letters);
        (open, close, unknown) = (-1, -1, -1);
        for (int id = 0; id < data.Tokens.Count; id++)
        {
            ReadOnlySpan<byte> text = data.Tokens[id].Span;
            if (text.SequenceEqual(OpenTag))
                open = id;
            else if (text.SequenceEqual(CloseTag))
                close = id;
            else if (text.SequenceEqual("<oov>"u8))
                unknown = id;
            else if (text.Length == Letters + Marker.Length && text.EndsWith(Marker))
                AddWord(text[..Letters], id);
        }
    }

    private static ReadOnlySpan<byte> OpenTag => "<dna>"u8;

    private static ReadOnlySpan<byte> CloseTag => "</dna>"u8;

    private static ReadOnlySpan<byte> Marker => "\uE000"u8;

    /// <inheritdoc/>
    public override void Encode(ReadOnlySpan<byte> utf8, bool afterSpecial, EncodingSession session, List<int> ids)
    {
        if (open < 0 || close < 0 || unknown < 0)
        {
            inner.Encode(utf8, afterSpecial, session, ids);
            return;
        }

        while (!utf8.IsEmpty)
        {
            int start = utf8.IndexOf(OpenTag);
            if (start != 0)
                inner.Encode(start < 0 ? utf8 : utf8[..start], afterSpecial, session, ids);
            if (start < 0)
                return;
            ids.Add(open);
            utf8 = utf8[(start + OpenTag.Length)..];
            int end = utf8.IndexOf(CloseTag);
            EncodeLetters(end < 0 ? utf8 : utf8[..end], ids);
            if (end < 0)
                return;
            ids.Add(close);
            utf8 = utf8[(end + CloseTag.Length)..];
        }
    }

    /// <inheritdoc/>
    public override byte[] Piece(int id, ReadOnlySpan<byte> text) =>
        id > unknown && text.Length > Marker.Length && text.EndsWith(Marker)
            ? inner.Piece(id, text[..^Marker.Length])
            : inner.Piece(id, text);

    private void AddWord(ReadOnlySpan<byte> word, int id)
    {
        words.Add(word, out bool added);
        if (added)
            idOfWord.Add(id);
    }

    private void EncodeLetters(ReadOnlySpan<byte> letters, List<int> ids)
    {
        Span<byte> word = stackalloc byte[Letters];
        for (int at = 0; at < letters.Length; at += Letters)
        {
            ReadOnlySpan<byte> part = letters[at..Math.Min(letters.Length, at + Letters)];
            word.Fill((byte)'A');
            for (int i = 0; i < part.Length; i++)
                word[i] = part[i] is >= (byte)'a' and <= (byte)'z' ? (byte)(part[i] - 32) : part[i];
            int found = words.Find(word);
            ids.Add(found >= 0 ? idOfWord[found] : unknown);
        }
    }
}
