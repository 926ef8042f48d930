using System.Globalization;
using System.Runtime.CompilerServices;
using Harness.Text.PreTokenization;
using Harness.Text.Unicode;
using Harness.Text.Vocabulary;

namespace Harness.Text.WordPiece;

/// <summary>
/// Cleans text and cuts it into words as llama.cpp does for BERT: at white space, and around each punctuation sign and each
/// Chinese character.
/// </summary>
internal sealed class WordPieceNormalizer
{
    private const byte Drop = 0;
    private const byte Space = 1;
    private const byte Alone = 2;
    private const byte Letter = 3;
    private const byte Accent = 4;

    private readonly bool lowercases;
    private readonly bool stripsAccents;
    private readonly byte[] ascii = new byte[128];

    /// <summary>Builds the normalizer.</summary>
    public WordPieceNormalizer(bool lowercases, bool stripsAccents)
    {
        this.lowercases = lowercases;
        this.stripsAccents = stripsAccents;
        for (int c = 0; c < ascii.Length; c++)
            ascii[c] = Classify(c);
    }

    /// <summary>Normalizes.</summary>
    /// <param name="utf8">The text; may be invalid UTF-8.</param>
    /// <param name="session">Where to work; its ends receive the end of each word.</param>
    /// <returns>The words, each with its mark in front, in the session's buffer.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public ReadOnlySpan<byte> Normalize(ReadOnlySpan<byte> utf8, EncodingSession session)
    {
        utf8 = LenientUtf8.Repair(utf8);
        List<int> ends = session.Ends;
        ends.Clear();

        // A character of one byte may become a word of its own, with a mark of three.
        int capacity = checked((utf8.Length * 4) + 8);
        if (session.Bytes.Length < capacity)
            session.Bytes = new byte[capacity];
        Span<byte> words = session.Bytes;
        int count = 0;
        bool inWord = false;
        for (int at = 0; at < utf8.Length;)
        {
            int codePoint = LenientUtf8.DecodeFirst(utf8[at..]);
            at += LenientUtf8.OfLeadByte(utf8[at]);
            if (stripsAccents)
                codePoint = Normalization.FirstOfDecomposition(codePoint);
            byte kind = codePoint < 128 ? ascii[codePoint] : Classify(codePoint);
            if (kind == Drop || (kind == Accent && stripsAccents))
                continue;
            if (inWord && kind is Space or Alone)
            {
                ends.Add(count);
                inWord = false;
            }

            if (kind == Space)
                continue;
            if (!inWord)
            {
                WordPieceEncoder.Mark.CopyTo(words[count..]);
                count += WordPieceEncoder.Mark.Length;
                inWord = true;
            }

            if (lowercases)
                codePoint = UnicodeTables.Instance.SimpleLower(codePoint);
            count += LenientUtf8.Encode(codePoint, words[count..]);
            if (kind == Alone)
            {
                ends.Add(count);
                inWord = false;
            }
        }

        if (inWord)
            ends.Add(count);
        return words[..count];
    }

    private static byte Classify(int codePoint)
    {
        byte kind = CodePointKind.Of(codePoint);
        if (kind is (>= 9 and <= 13) or (byte)' ' or CodePointKind.Whitespace)
            return Space;
        if (codePoint is 0 or 0xFFFD || IsControl(codePoint, kind))
            return Drop;
        if (kind == CodePointKind.Punctuation || IsChinese(codePoint) || (codePoint < 0x7F && !char.IsAsciiLetterOrDigit((char)codePoint)))
            return Alone;
        return kind == CodePointKind.Mark ? Accent : Letter;
    }

    // What is not assigned is no control character.
    private static bool IsControl(int codePoint, byte kind) =>
        codePoint is < 0x20 or 0x7F
        || (kind == CodePointKind.Other
            && CharUnicodeInfo.GetUnicodeCategory(codePoint)
                is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse or UnicodeCategory.Surrogate);

    // U+2B820 to U+2B91F are missing, as in HuggingFace's BertNormalizer and in llama.cpp.
    private static bool IsChinese(int c) => c is (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF)
        or (>= 0x20000 and <= 0x2A6DF) or (>= 0x2A700 and <= 0x2B73F) or (>= 0x2B740 and <= 0x2B81F)
        or (>= 0x2B920 and <= 0x2CEAF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x2F800 and <= 0x2FA1F);
}
