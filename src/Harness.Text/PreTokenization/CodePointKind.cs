using System.Globalization;

namespace Harness.Text.PreTokenization;

/// <summary>
/// What a splitting rule may ask of a code point, in one byte: an ASCII character is itself (0–127), everything else
/// is one of the categories below.
/// </summary>
/// <remarks>
/// The categories are those of Unicode 15.1, as in llama.cpp's <c>unicode-data.cpp</c>; .NET's tables are newer, so
/// what was assigned later counts as <see cref="Other"/>. White space is the Unicode property White_Space and goes
/// before the category.
/// </remarks>
internal static class CodePointKind
{
    public const byte Letter = 128;
    public const byte Number = 129;
    public const byte Mark = 130;
    public const byte Punctuation = 131;
    public const byte Symbol = 132;
    public const byte Whitespace = 133;
    public const byte Other = 134;

    /// <summary>How many kinds there are.</summary>
    public const int Count = 135;

    private const int FirstAssignedLater = 0x897;

    /// <summary>First and last of each range of code points assigned in Unicode 16.0 (DerivedAge.txt).</summary>
    private static readonly int[] AssignedLater =
    [
        0x897, 0x897, 0x1B4E, 0x1B4F, 0x1B7F, 0x1B7F, 0x1C89, 0x1C8A, 0x2427, 0x2429, 0x31E4, 0x31E5,
        0xA7CB, 0xA7CD, 0xA7DA, 0xA7DC, 0x105C0, 0x105F3, 0x10D40, 0x10D65, 0x10D69, 0x10D85, 0x10D8E, 0x10D8F,
        0x10EC2, 0x10EC4, 0x10EFC, 0x10EFC, 0x11380, 0x11389, 0x1138B, 0x1138B, 0x1138E, 0x1138E, 0x11390, 0x113B5,
        0x113B7, 0x113C0, 0x113C2, 0x113C2, 0x113C5, 0x113C5, 0x113C7, 0x113CA, 0x113CC, 0x113D5, 0x113D7, 0x113D8,
        0x113E1, 0x113E2, 0x116D0, 0x116E3, 0x11BC0, 0x11BE1, 0x11BF0, 0x11BF9, 0x11F5A, 0x11F5A, 0x13460, 0x143FA,
        0x16100, 0x16139, 0x16D40, 0x16D79, 0x18CFF, 0x18CFF, 0x1CC00, 0x1CCF9, 0x1CD00, 0x1CEB3, 0x1E5D0, 0x1E5FA,
        0x1E5FF, 0x1E5FF, 0x1F8B2, 0x1F8BB, 0x1F8C0, 0x1F8C1, 0x1FA89, 0x1FA89, 0x1FA8F, 0x1FA8F, 0x1FABE, 0x1FABE,
        0x1FAC6, 0x1FAC6, 0x1FADC, 0x1FADC, 0x1FADF, 0x1FADF, 0x1FAE9, 0x1FAE9, 0x1FBCB, 0x1FBEF,
    ];

    /// <summary>The kind of a code point.</summary>
    /// <param name="codePoint">0 to U+10FFFF; surrogates are allowed and are <see cref="Other"/>.</param>
    public static byte Of(int codePoint)
    {
        if (codePoint < 0x80)
            return (byte)codePoint;
        byte kind = FromCategory(codePoint);
        return kind != Other && codePoint >= FirstAssignedLater && IsAssignedLater(codePoint) ? Other : kind;
    }

    private static byte FromCategory(int codePoint) => CharUnicodeInfo.GetUnicodeCategory(codePoint) switch
    {
        <= UnicodeCategory.OtherLetter => Letter,
        <= UnicodeCategory.EnclosingMark => Mark,
        <= UnicodeCategory.OtherNumber => Number,
        <= UnicodeCategory.ParagraphSeparator => Whitespace,
        UnicodeCategory.Control => codePoint == 0x85 ? Whitespace : Other,
        <= UnicodeCategory.PrivateUse => Other,
        <= UnicodeCategory.OtherPunctuation => Punctuation,
        <= UnicodeCategory.OtherSymbol => Symbol,
        _ => Other,
    };

    private static bool IsAssignedLater(int codePoint)
    {
        // The great blocks of CJK and Hangul were full long before.
        if (codePoint is (>= 0x3200 and < 0xA7CB) or (>= 0xA7DD and < 0x105C0) or > 0x1FBEF)
            return false;
        int at = Array.BinarySearch(AssignedLater, codePoint);
        return at >= 0 || (~at & 1) == 1;
    }
}
