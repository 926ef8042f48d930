using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace Harness.Text.Templates.Values;

/// <summary>Python's case mappings, which may change a text's length. The tables are Unicode's SpecialCasing.</summary>
internal static class PyCasing
{
    /// <summary>Characters whose capitals are several.</summary>
    private const string LongUpper =
        "\u00dfSS \u0149\u02bcN \u01f0J\u030c \u0390\u0399\u0308\u0301 \u03b0\u03a5\u0308\u0301 \u0587\u0535\u0552 "
        + "\u1e96H\u0331 \u1e97T\u0308 \u1e98W\u030a \u1e99Y\u030a \u1e9aA\u02be \u1f50\u03a5\u0313 "
        + "\u1f52\u03a5\u0313\u0300 \u1f54\u03a5\u0313\u0301 \u1f56\u03a5\u0313\u0342 \u1f80\u1f08\u0399 "
        + "\u1f81\u1f09\u0399 \u1f82\u1f0a\u0399 \u1f83\u1f0b\u0399 \u1f84\u1f0c\u0399 \u1f85\u1f0d\u0399 "
        + "\u1f86\u1f0e\u0399 \u1f87\u1f0f\u0399 \u1f88\u1f08\u0399 \u1f89\u1f09\u0399 \u1f8a\u1f0a\u0399 "
        + "\u1f8b\u1f0b\u0399 \u1f8c\u1f0c\u0399 \u1f8d\u1f0d\u0399 \u1f8e\u1f0e\u0399 \u1f8f\u1f0f\u0399 "
        + "\u1f90\u1f28\u0399 \u1f91\u1f29\u0399 \u1f92\u1f2a\u0399 \u1f93\u1f2b\u0399 \u1f94\u1f2c\u0399 "
        + "\u1f95\u1f2d\u0399 \u1f96\u1f2e\u0399 \u1f97\u1f2f\u0399 \u1f98\u1f28\u0399 \u1f99\u1f29\u0399 "
        + "\u1f9a\u1f2a\u0399 \u1f9b\u1f2b\u0399 \u1f9c\u1f2c\u0399 \u1f9d\u1f2d\u0399 \u1f9e\u1f2e\u0399 "
        + "\u1f9f\u1f2f\u0399 \u1fa0\u1f68\u0399 \u1fa1\u1f69\u0399 \u1fa2\u1f6a\u0399 \u1fa3\u1f6b\u0399 "
        + "\u1fa4\u1f6c\u0399 \u1fa5\u1f6d\u0399 \u1fa6\u1f6e\u0399 \u1fa7\u1f6f\u0399 \u1fa8\u1f68\u0399 "
        + "\u1fa9\u1f69\u0399 \u1faa\u1f6a\u0399 \u1fab\u1f6b\u0399 \u1fac\u1f6c\u0399 \u1fad\u1f6d\u0399 "
        + "\u1fae\u1f6e\u0399 \u1faf\u1f6f\u0399 \u1fb2\u1fba\u0399 \u1fb3\u0391\u0399 \u1fb4\u0386\u0399 "
        + "\u1fb6\u0391\u0342 \u1fb7\u0391\u0342\u0399 \u1fbc\u0391\u0399 \u1fc2\u1fca\u0399 \u1fc3\u0397\u0399 "
        + "\u1fc4\u0389\u0399 \u1fc6\u0397\u0342 \u1fc7\u0397\u0342\u0399 \u1fcc\u0397\u0399 \u1fd2\u0399\u0308\u0300 "
        + "\u1fd3\u0399\u0308\u0301 \u1fd6\u0399\u0342 \u1fd7\u0399\u0308\u0342 \u1fe2\u03a5\u0308\u0300 "
        + "\u1fe3\u03a5\u0308\u0301 \u1fe4\u03a1\u0313 \u1fe6\u03a5\u0342 \u1fe7\u03a5\u0308\u0342 \u1ff2\u1ffa\u0399 "
        + "\u1ff3\u03a9\u0399 \u1ff4\u038f\u0399 \u1ff6\u03a9\u0342 \u1ff7\u03a9\u0342\u0399 \u1ffc\u03a9\u0399 \ufb00FF "
        + "\ufb01FI \ufb02FL \ufb03FFI \ufb04FFL \ufb05ST \ufb06ST \ufb13\u0544\u0546 \ufb14\u0544\u0535 "
        + "\ufb15\u0544\u053b \ufb16\u054e\u0546 \ufb17\u0544\u053d";

    /// <summary>Characters that begin a word otherwise than in capitals.</summary>
    private const string Titles =
        "\u00dfSs \u01c4\u01c5 \u01c5\u01c5 \u01c6\u01c5 \u01c7\u01c8 \u01c8\u01c8 \u01c9\u01c8 \u01ca\u01cb "
        + "\u01cb\u01cb \u01cc\u01cb \u01f1\u01f2 \u01f2\u01f2 \u01f3\u01f2 \u0587\u0535\u0582 \u1f80\u1f88 \u1f81\u1f89 "
        + "\u1f82\u1f8a \u1f83\u1f8b \u1f84\u1f8c \u1f85\u1f8d \u1f86\u1f8e \u1f87\u1f8f \u1f88\u1f88 \u1f89\u1f89 "
        + "\u1f8a\u1f8a \u1f8b\u1f8b \u1f8c\u1f8c \u1f8d\u1f8d \u1f8e\u1f8e \u1f8f\u1f8f \u1f90\u1f98 \u1f91\u1f99 "
        + "\u1f92\u1f9a \u1f93\u1f9b \u1f94\u1f9c \u1f95\u1f9d \u1f96\u1f9e \u1f97\u1f9f \u1f98\u1f98 \u1f99\u1f99 "
        + "\u1f9a\u1f9a \u1f9b\u1f9b \u1f9c\u1f9c \u1f9d\u1f9d \u1f9e\u1f9e \u1f9f\u1f9f \u1fa0\u1fa8 \u1fa1\u1fa9 "
        + "\u1fa2\u1faa \u1fa3\u1fab \u1fa4\u1fac \u1fa5\u1fad \u1fa6\u1fae \u1fa7\u1faf \u1fa8\u1fa8 \u1fa9\u1fa9 "
        + "\u1faa\u1faa \u1fab\u1fab \u1fac\u1fac \u1fad\u1fad \u1fae\u1fae \u1faf\u1faf \u1fb2\u1fba\u0345 \u1fb3\u1fbc "
        + "\u1fb4\u0386\u0345 \u1fb7\u0391\u0342\u0345 \u1fbc\u1fbc \u1fc2\u1fca\u0345 \u1fc3\u1fcc \u1fc4\u0389\u0345 "
        + "\u1fc7\u0397\u0342\u0345 \u1fcc\u1fcc \u1ff2\u1ffa\u0345 \u1ff3\u1ffc \u1ff4\u038f\u0345 "
        + "\u1ff7\u03a9\u0342\u0345 \u1ffc\u1ffc \ufb00Ff \ufb01Fi \ufb02Fl \ufb03Ffi \ufb04Ffl \ufb05St \ufb06St "
        + "\ufb13\u0544\u0576 \ufb14\u0544\u0565 \ufb15\u0544\u056b \ufb16\u054e\u0576 \ufb17\u0544\u056d";

    private static readonly FrozenDictionary<char, string> ToUpper = Read(LongUpper);
    private static readonly FrozenDictionary<char, string> ToTitle = Read(Titles);

    public static string Upper(string text)
    {
        if (Ascii.IsValid(text)) return text.ToUpperInvariant();
        var made = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (rune.IsBmp && ToUpper.TryGetValue((char)rune.Value, out string? several)) made.Append(several);
            else made.Append(Rune.ToUpperInvariant(rune).ToString());
        }

        return made.ToString();
    }

    public static string Lower(string text)
    {
        if (Ascii.IsValid(text)) return text.ToLowerInvariant();
        var made = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length;)
        {
            Rune rune = PyText.At(text, i);
            made.Append(rune.Value switch
            {
                0x130 => "i\u0307",
                0x3a3 => EndsWord(text, i) ? "\u03c2" : "\u03c3",
                _ => Rune.ToLowerInvariant(rune).ToString(),
            });
            i += rune.Utf16SequenceLength;
        }

        return made.ToString();
    }

    /// <summary>Python's <c>capitalize</c>.</summary>
    public static string Capitalize(string text)
    {
        if (text.Length == 0) return "";
        Rune first = PyText.At(text, 0);
        return Title(first) + Lower(text)[Lower(first.ToString()).Length..];
    }

    /// <summary>Python's <c>title</c>: each letter behind what is no letter begins a word.</summary>
    public static string TitleWords(string text)
    {
        var made = new StringBuilder(text.Length);
        bool inWord = false;
        for (int i = 0; i < text.Length;)
        {
            Rune rune = PyText.At(text, i);
            made.Append(!inWord ? Title(rune) : rune.Value == 0x3a3 ? EndsWord(text, i) ? "\u03c2" : "\u03c3" : Lower(rune.ToString()));
            inWord = IsCased(rune);
            i += rune.Utf16SequenceLength;
        }

        return made.ToString();
    }

    /// <summary>Python's <c>swapcase</c>.</summary>
    public static string Swap(string text)
    {
        var made = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            string one = rune.ToString();
            made.Append(Rune.IsUpper(rune) ? Lower(one) : Rune.IsLower(rune) ? Upper(one) : one);
        }

        return made.ToString();
    }

    /// <summary>Whether a text has letters with case, and all of them have it.</summary>
    public static bool IsAll(string text, bool upper)
    {
        bool cased = false;
        foreach (Rune rune in text.EnumerateRunes())
        {
            bool isUpper = Rune.IsUpper(rune) || IsOther(rune, 0x2160, 0x216f, 0x24b6, 0x24cf), isLower = Rune.IsLower(rune) || IsOther(rune, 0x2170, 0x217f, 0x24d0, 0x24e9);
            if ((upper ? isLower : isUpper) || Rune.GetUnicodeCategory(rune) == UnicodeCategory.TitlecaseLetter) return false;
            cased |= isUpper || isLower;
        }

        return cased;
    }

    /// <summary>Python's <c>istitle</c>.</summary>
    public static bool IsTitle(string text)
    {
        bool cased = false, inWord = false;
        foreach (Rune rune in text.EnumerateRunes())
        {
            bool begins = Rune.IsUpper(rune) || Rune.GetUnicodeCategory(rune) == UnicodeCategory.TitlecaseLetter;
            if (begins ? inWord : Rune.IsLower(rune) && !inWord) return false;
            inWord = IsCased(rune);
            cased |= inWord;
        }

        return cased;
    }

    /// <summary>One character as the first of a word.</summary>
    private static string Title(Rune rune) => rune.Value is >= 0x10d0 and <= 0x10ff ? rune.ToString()
        : rune.IsBmp && ToTitle.TryGetValue((char)rune.Value, out string? title) ? title : Upper(rune.ToString());

    private static bool IsCased(Rune rune) => Rune.IsUpper(rune) || Rune.IsLower(rune) || Rune.GetUnicodeCategory(rune) == UnicodeCategory.TitlecaseLetter;

    private static bool IsOther(Rune rune, int from, int to, int from2, int to2) => (rune.Value >= from && rune.Value <= to) || (rune.Value >= from2 && rune.Value <= to2);

    /// <summary>Whether a sigma stands last in its word.</summary>
    private static bool EndsWord(string text, int at)
    {
        int before = at - 1, after = at + 1;
        while (before >= 0 && Ignorable(text[before])) before--;
        while (after < text.Length && Ignorable(text[after])) after++;
        return before >= 0 && char.IsLetter(text[before]) && !(after < text.Length && char.IsLetter(text[after]));
    }

    private static bool Ignorable(char c) => c is '\'' or '.' or ':' or '\u00ad' or '\u2019' || char.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark or UnicodeCategory.ModifierSymbol or UnicodeCategory.Format;

    private static FrozenDictionary<char, string> Read(string table) => table.Split(' ').ToFrozenDictionary(entry => entry[0], entry => entry[1..]);
}
