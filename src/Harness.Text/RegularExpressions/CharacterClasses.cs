using System.Globalization;
using static System.Globalization.UnicodeCategory;

namespace Harness.Text.RegularExpressions;

/// <summary>The classes a regular expression has names for.</summary>
internal static class CharacterClasses
{
    private static readonly UnicodeCategory[] Letters =
        [UppercaseLetter, LowercaseLetter, TitlecaseLetter, ModifierLetter, OtherLetter];

    private static readonly UnicodeCategory[] Marks = [NonSpacingMark, SpacingCombiningMark, EnclosingMark];

    private static readonly UnicodeCategory[] Punctuations =
    [
        ConnectorPunctuation, DashPunctuation, OpenPunctuation, ClosePunctuation, InitialQuotePunctuation, FinalQuotePunctuation,
        OtherPunctuation,
    ];

    private static readonly UnicodeCategory[] Symbols = [MathSymbol, CurrencySymbol, ModifierSymbol, OtherSymbol];

    private static readonly Dictionary<string, UnicodeCategory[]> Categories = new(StringComparer.OrdinalIgnoreCase)
    {
        ["L"] = Letters,
        ["Letter"] = Letters,
        ["Lu"] = [UppercaseLetter],
        ["Ll"] = [LowercaseLetter],
        ["Lt"] = [TitlecaseLetter],
        ["Lm"] = [ModifierLetter],
        ["Lo"] = [OtherLetter],
        ["LC"] = [UppercaseLetter, LowercaseLetter, TitlecaseLetter],
        ["M"] = Marks,
        ["Mark"] = Marks,
        ["Mn"] = [NonSpacingMark],
        ["Mc"] = [SpacingCombiningMark],
        ["Me"] = [EnclosingMark],
        ["N"] = [DecimalDigitNumber, LetterNumber, OtherNumber],
        ["Number"] = [DecimalDigitNumber, LetterNumber, OtherNumber],
        ["Nd"] = [DecimalDigitNumber],
        ["Nl"] = [LetterNumber],
        ["No"] = [OtherNumber],
        ["digit"] = [DecimalDigitNumber],
        ["P"] = Punctuations,
        ["Punct"] = Punctuations,
        ["Punctuation"] = Punctuations,
        ["Pc"] = [ConnectorPunctuation],
        ["Pd"] = [DashPunctuation],
        ["Ps"] = [OpenPunctuation],
        ["Pe"] = [ClosePunctuation],
        ["Pi"] = [InitialQuotePunctuation],
        ["Pf"] = [FinalQuotePunctuation],
        ["Po"] = [OtherPunctuation],
        ["S"] = Symbols,
        ["Symbol"] = Symbols,
        ["Sm"] = [MathSymbol],
        ["Sc"] = [CurrencySymbol],
        ["Sk"] = [ModifierSymbol],
        ["So"] = [OtherSymbol],
        ["Z"] = [SpaceSeparator, LineSeparator, ParagraphSeparator],
        ["Zs"] = [SpaceSeparator],
        ["Zl"] = [LineSeparator],
        ["Zp"] = [ParagraphSeparator],
        ["Separator"] = [SpaceSeparator, LineSeparator, ParagraphSeparator],
        ["C"] = [Control, Format, Surrogate, PrivateUse, OtherNotAssigned],
        ["Cc"] = [Control],
        ["Cf"] = [Format],
        ["Cs"] = [Surrogate],
        ["Co"] = [PrivateUse],
        ["Cn"] = [OtherNotAssigned],
    };

    // Scripts by their blocks, as far as published tokenizers name them.
    private static readonly Dictionary<string, int[]> Scripts = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Han"] =
        [
            0x2E80, 0x2E99, 0x2E9B, 0x2EF3, 0x2F00, 0x2FD5, 0x3005, 0x3005, 0x3007, 0x3007, 0x3021, 0x3029, 0x3038, 0x303B, 0x3400,
            0x4DBF, 0x4E00, 0x9FFF, 0xF900, 0xFA6D, 0xFA70, 0xFAD9, 0x16FE2, 0x16FE3, 0x16FF0, 0x16FF1, 0x20000, 0x2A6DF, 0x2A700,
            0x2B739, 0x2B740, 0x2B81D, 0x2B820, 0x2CEA1, 0x2CEB0, 0x2EBE0, 0x2EBF0, 0x2EE5D, 0x2F800, 0x2FA1D, 0x30000, 0x3134A,
            0x31350, 0x323AF,
        ],
        ["Hiragana"] = [0x3041, 0x3096, 0x309D, 0x309F, 0x1B001, 0x1B11F, 0x1B132, 0x1B132, 0x1B150, 0x1B152, 0x1F200, 0x1F200],
        ["Katakana"] =
        [
            0x30A1, 0x30FA, 0x30FD, 0x30FF, 0x31F0, 0x31FF, 0x32D0, 0x32FE, 0x3300, 0x3357, 0xFF66, 0xFF6F, 0xFF71, 0xFF9D, 0x1AFF0,
            0x1AFF3, 0x1AFF5, 0x1AFFB, 0x1AFFD, 0x1AFFE, 0x1B000, 0x1B000, 0x1B120, 0x1B122, 0x1B155, 0x1B155, 0x1B164, 0x1B167,
        ],
        ["Hangul"] =
        [
            0x1100, 0x11FF, 0x302E, 0x302F, 0x3131, 0x318E, 0x3200, 0x321E, 0x3260, 0x327E, 0xA960, 0xA97C, 0xAC00, 0xD7A3, 0xD7B0,
            0xD7C6, 0xD7CB, 0xD7FB, 0xFFA0, 0xFFBE, 0xFFC2, 0xFFC7, 0xFFCA, 0xFFCF, 0xFFD2, 0xFFD7, 0xFFDA, 0xFFDC,
        ],
        ["Thai"] = [0xE01, 0xE3A, 0xE40, 0xE5B],
        ["Lao"] =
        [
            0xE81, 0xE82, 0xE84, 0xE84, 0xE86, 0xE8A, 0xE8C, 0xEA3, 0xEA5, 0xEA5, 0xEA7, 0xEBD, 0xEC0, 0xEC4, 0xEC6, 0xEC6, 0xEC8, 0xECE,
            0xED0, 0xED9, 0xEDC, 0xEDF,
        ],
        ["Khmer"] = [0x1780, 0x17DD, 0x17E0, 0x17E9, 0x17F0, 0x17F9, 0x19E0, 0x19FF],
        ["Myanmar"] = [0x1000, 0x109F, 0xA9E0, 0xA9FE, 0xAA60, 0xAA7F],
    };

    /// <summary>Word characters: letters, marks, decimal digits, connectors, and what else Unicode calls alphabetic.</summary>
    public static CodePointSet Word { get; } = new CodePointSet()
        .Add(Letters).Add(Marks).Add(DecimalDigitNumber, LetterNumber, ConnectorPunctuation)
        .Add(0x24B6, 0x24E9).Add(0x1F130, 0x1F149).Add(0x1F150, 0x1F169).Add(0x1F170, 0x1F189).Add(0x200C, 0x200D);

    /// <summary>Punctuation as HuggingFace's pre-tokenizers take it: the categories and all signs of ASCII.</summary>
    public static CodePointSet Punctuation { get; } = new CodePointSet()
        .Add(Punctuations).Add('!', '/').Add(':', '@').Add('[', '`').Add('{', '~');

    /// <summary>Numbers of all categories.</summary>
    public static CodePointSet Number { get; } = new CodePointSet().Add(DecimalDigitNumber, LetterNumber, OtherNumber);

    /// <summary>White space.</summary>
    public static CodePointSet Whitespace { get; } = new CodePointSet().AddWhitespace();

    /// <summary>The set of a property's name, as between the braces of <c>\p{…}</c>, or null.</summary>
    public static CodePointSet? Named(string name)
    {
        if (Categories.TryGetValue(name, out UnicodeCategory[]? categories))
            return new CodePointSet().Add(categories);
        string script = name.StartsWith("Script=", StringComparison.Ordinal) ? name[7..] : name.StartsWith("sc=", StringComparison.Ordinal) ? name[3..] : name;
        if (Scripts.TryGetValue(script, out int[]? ranges))
        {
            var set = new CodePointSet();
            for (int i = 0; i < ranges.Length; i += 2)
                set.Add(ranges[i], ranges[i + 1]);
            return set;
        }

        return name.ToLowerInvariant() switch
        {
            "word" or "alnum" => Word,
            "alpha" or "alphabetic" => new CodePointSet().Add(Letters).Add(LetterNumber),
            "space" or "white_space" => Whitespace,
            "upper" or "uppercase" => new CodePointSet().Add(UppercaseLetter),
            "lower" or "lowercase" => new CodePointSet().Add(LowercaseLetter),
            "blank" => new CodePointSet().Add(SpaceSeparator).Add('\t', '\t'),
            "cntrl" => new CodePointSet().Add(Control),
            "xdigit" => new CodePointSet().Add('0', '9').Add('A', 'F').Add('a', 'f'),
            "any" => new CodePointSet().Add(0, 0x10FFFF),
            _ => null,
        };
    }
}
