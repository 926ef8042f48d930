using Harness.Text.PreTokenization;
using Harness.Text.Unicode;
using Harness.Text.Vocabulary;

namespace Harness.Text.BytePair;

/// <summary>Drops white space, and may make text lower case, before byte-pair encoding: the kind <c>whitespace</c>.</summary>
internal sealed class WhitespaceEncoder(BytePairEncoder inner, bool lowercases) : TextEncoder
{
    /// <inheritdoc/>
    public override void Encode(ReadOnlySpan<byte> utf8, bool afterSpecial, EncodingSession session, List<int> ids)
    {
        utf8 = LenientUtf8.Repair(utf8);

        // Lower case takes at most one byte more than what it is made from.
        byte[] segment = new byte[checked(utf8.Length * 2)];
        int count = 0;
        for (int at = 0; at < utf8.Length;)
        {
            int codePoint = LenientUtf8.DecodeFirst(utf8[at..]);
            at += LenientUtf8.OfLeadByte(utf8[at]);
            bool isSpace = CodePointKind.Of(codePoint) is (>= 9 and <= 13) or (byte)' ' or CodePointKind.Whitespace;
            if (!isSpace)
            {
                codePoint = lowercases ? UnicodeTables.Instance.SimpleLower(codePoint) : codePoint;
                count += LenientUtf8.Encode(codePoint, segment.AsSpan(count));
            }

            if (count > 0 && (isSpace || at == utf8.Length))
            {
                inner.Encode(segment.AsSpan(0, count), false, session, ids);
                count = 0;
            }
        }
    }

    /// <inheritdoc/>
    public override byte[] Piece(int id, ReadOnlySpan<byte> text) => inner.Piece(id, text);
}
