namespace Harness.Text.PreTokenization;

/// <summary>
/// The regular expressions of the published tokenizers, as facts from their <c>tokenizer.json</c> files and from
/// llama.cpp's <c>llama-vocab.cpp</c> (v0.5.0), in the notation of <see cref="PatternParser"/>.
/// </summary>
internal static class SplitRules
{
    /// <summary>GPT-2: contractions in lower case, then runs that may take one space in front.</summary>
    public const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    /// <summary>Each number by itself.</summary>
    public const string EachNumber = @"\p{N}";

    /// <summary>Numbers in threes from the left.</summary>
    public const string NumberTriples = @"\p{N}{1,3}";

    /// <summary>Runs of numbers.</summary>
    public const string NumberRuns = @"\p{N}+";

    /// <summary>ASCII digits in threes from the left; a rest stays with what follows.</summary>
    public const string AsciiTriples = "[0-9][0-9][0-9]";

    /// <summary>Line breaks, one by one.</summary>
    public const string EachLineBreak = @"[\r\n]";

    /// <summary>Lines and the breaks between them.</summary>
    public const string Lines = @"[^\n]+|[\n]+";

    /// <summary>Contractions in either case.</summary>
    public const string Contractions = "'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]";

    /// <summary>Letters with any one sign in front.</summary>
    public const string PrefixedLetters = @"[^\r\n\p{L}\p{N}]?\p{L}+";

    /// <summary>Signs with one space in front and line breaks behind.</summary>
    public const string Signs = @" ?[^\s\p{L}\p{N}]+[\r\n]*";

    /// <summary>The same, with slashes behind too.</summary>
    public const string SignsAndSlashes = @" ?[^\s\p{L}\p{N}]+[\r\n/]*";

    /// <summary>White space up to line breaks.</summary>
    public const string LineBreaks = @"\s*[\r\n]+";

    /// <summary>White space; the last before a word is left to the word.</summary>
    public const string Spaces = @"\s+(?!\S)|\s+";

    /// <summary>Letters with marks, one sign in front: words of DeepSeek V3 and its kin.</summary>
    public const string MarkedWords =
        @"[!""#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+";

    /// <summary>Chinese characters and kana.</summary>
    public const string HanAndKana = "[一-龥぀-ゟ゠-ヿ]+";

    /// <summary>Chinese characters and Hangul as DeepSeek Coder cuts them.</summary>
    public const string HanAndHangul = "[一-龥ࠀ-一가-퟿]+";

    /// <summary>Words between the punctuation of several scripts: BLOOM and its kin.</summary>
    public const string BloomWords = @" ?[^(\s|.,!?…。，、।۔،)]+";

    /// <summary>
    /// Letters of the scripts with two cases, as DeepSeek LLM lists them. Those that Unicode normalization would
    /// turn into others are written by number.
    /// </summary>
    public const string CasedLetters =
        @"\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚḀ-ἕἘ-Ἕἠ-"
        + @"ὅὈ-Ὅὐ-ὗὙὛὝὟ-\u{1F7D}ᾀ-ᾴᾶ-ᾼ\u{1FBE}ῂ-ῄῆ-ῌῐ-\u{1FD3}ῖ-\u{1FDB}ῠ-Ῥῲ-ῴῶ-ῼℂℇℊ-ℓℕℙ-ℝℤ\u{2126}ℨ\u{212A}"
        + @"-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃]+";

    /// <summary>Punctuation of ASCII, its full-width forms and CJK, as DeepSeek LLM lists it.</summary>
    public const string CjkPunctuation = @"\s?[!-/:-~！-／：-～‘-‟　-。]+";

    /// <summary>Scripts without spaces, as AFMoE lists them.</summary>
    public const string SpacelessScripts =
        "[一-鿿㐀-䶿豈-﫿぀-ゟ゠-ヿ･-ﾟ⼀-⿟เ-๿຀-໿ក-៿က-႟ꩠ-ꩿꧠ-꧿가-힯ᄀ-ᇿ]+";

    /// <summary>Hangul, CJK punctuation, Bopomofo, Chinese characters and kana, as Youtu cuts them.</summary>
    public const string YoutuScripts =
        "[가-힣ㄱ-ㆎ]+|[！…“”‘’—：；，、-〿︰-﹏]+|[ㄅ-ㄯ]+|[一-龥぀-ゟ゠-ヿ]+";

    /// <summary>The words of Llama 3 and Qwen 2, which differ in how numbers are cut.</summary>
    /// <param name="numbers">The rule for numbers.</param>
    public static string Words(string numbers) => $"{Contractions}|{Unabbreviated(numbers)}";

    /// <summary>The same without contractions.</summary>
    /// <param name="numbers">The rule for numbers.</param>
    public static string Unabbreviated(string numbers) => $"{PrefixedLetters}|{numbers}|{Signs}|{LineBreaks}|{Spaces}";

    /// <summary>The words of GPT-4o and Tekken: cut where case rises.</summary>
    /// <param name="letters">What counts as a letter.</param>
    /// <param name="contractions">What may follow a word.</param>
    /// <param name="numbers">The rule for numbers.</param>
    public static string CasedWords(string letters, string contractions, string numbers)
    {
        string upper = $"[{letters}--a-z]";
        string lower = $"[{letters}--A-Z]";
        return $@"[^\r\n\p{{L}}\p{{N}}]?{upper}*{lower}+{contractions}|[^\r\n\p{{L}}\p{{N}}]?{upper}+{lower}*{contractions}"
            + $"|{numbers}|{SignsAndSlashes}|{LineBreaks}|{Spaces}";
    }
}
