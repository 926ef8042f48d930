using Harness.Text.RegularExpressions;

namespace Harness.Text.HuggingFace;

/// <summary>
/// Names of GGUF pre-tokenizers by what a <c>tokenizer.json</c> says: the steps of its pre-tokenizer, each in a line. A rule
/// that several names share has one of them here.
/// </summary>
internal static class PreTokenizerSignatures
{
    private const string Words = "words";
    private const string EachNumber = "numbers";
    private const string Contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
    private const string Tail = @"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string SlashTail = @"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Prefixed = @"[^\r\n\p{L}\p{N}]?";
    private const string Upper = @"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]";
    private const string Lower = @"[\p{Ll}\p{Lm}\p{Lo}\p{M}]";
    private const string Llama3 = Contractions + "|" + Prefixed + @"\p{L}+|\p{N}{1,3}" + Tail;
    private const string Qwen2 = Contractions + "|" + Prefixed + @"\p{L}+|\p{N}" + Tail;
    private const string Cjk = "[一-龥぀-ゟ゠-ヿ]+";
    private const string CjkHangul = "[一-龥ࠀ-一가-퟿]+";

    private const string DeepSeek3 =
        @"[!""#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string Cased =
        Prefixed + Upper + "*" + Lower + "+" + Contractions + "?|" + Prefixed + Upper + "+" + Lower + "*" + Contractions + "?|";

    private static readonly (string Name, bool? IgnoresMerges, string[] Steps)[] Known =
    [
        ("gpt-2", null, [Words]),
        ("gpt-2", null, [PieceSplitter.Gpt2]),
        ("starcoder", null, [EachNumber, Words]),
        ("llama-bpe", true, [Llama3]),
        ("smaug-bpe", false, [Llama3]),
        ("qwen2", null, [Qwen2]),
        ("qwen35", null, [Contractions + "|" + Prefixed + @"[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"]),
        ("gpt-4o", null, [Cased + @"\p{N}{1,3}" + SlashTail]),
        ("tekken", true, [Prefixed + Upper + "*" + Lower + "+|" + Prefixed + Upper + "+" + Lower + @"*|\p{N}" + SlashTail]),
        ("tiny_aya", null, [@"\d{1,3}(?=(?:\d{3})*\b)", Cased + @"\p{N}{1,3}" + SlashTail]),
        ("minicpm5", true, [@"\p{N}{1,3}", Contractions + "|" + Prefixed + @"\p{L}+|\p{N}+" + Tail]),
        ("seed-coder", null, [Contractions + "|" + Prefixed + @"\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|\s*[\r\n]+|\s+(?!\S)|\s+"]),
        ("bailingmoe", null, [@"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"]),
        ("deepseek-v3", null, [@"\p{N}{1,3}", Cjk, DeepSeek3]),
        ("deepseek-coder", null, [@"[\r\n]", @"\s?\p{L}+", @"\s?\p{P}+", CjkHangul, EachNumber]),
        ("falcon", null, ["punctuation runs", Words, "number runs", "[0-9][0-9][0-9]"]),
        ("bloom", null, [" ?[^(\\s|[.,!?…。，、।۔،])]+"]),
    ];

    /// <summary>Names the pre-tokenizer.</summary>
    /// <param name="splitters">Its steps.</param>
    /// <param name="ignoresMerges">Whether a word that is a token is taken whole.</param>
    /// <returns>A value of <c>tokenizer.ggml.pre</c>.</returns>
    /// <exception cref="UnsupportedTokenizerException">None is known to do this.</exception>
    public static string Name(IReadOnlyList<PieceSplitter> splitters, bool ignoresMerges)
    {
        string[] steps = [.. splitters.Select(Describe).Where(step => step.Length > 0)];
        foreach ((string name, bool? ignores, string[] known) in Known)
        {
            if ((ignores is null || ignores == ignoresMerges) && known.SequenceEqual(steps))
                return name;
        }

        throw new UnsupportedTokenizerException(
            "pre_tokenizer", string.Join(" then ", steps) + (ignoresMerges ? " (ignoring merges)" : string.Empty), []);
    }

    // Some files have line breaks in patterns, others the letters that stand for them.
    private static string Spelled(string pattern) =>
        pattern.Replace("\r", @"\r", StringComparison.Ordinal).Replace("\n", @"\n", StringComparison.Ordinal);

    // What no GGUF pre-tokenizer does is described in words no known one has.
    private static string Describe(PieceSplitter splitter) => splitter switch
    {
        PieceSplitter.PatternSplitter p when p.Pattern.IsRegex
            && (p.Behavior, p.Inverts) is (SplitBehavior.Isolated, _) or (SplitBehavior.Removed, true) => Spelled(p.Pattern.Source),
        PieceSplitter.PatternSplitter p => $"{p.Behavior}{(p.Inverts ? " inverted" : "")} '{p.Pattern.Source}'",
        PieceSplitter.SetSplitter s when s.Set == CharacterClasses.Number => s.Behavior == SplitBehavior.Isolated ? EachNumber : "number runs",
        PieceSplitter.SetSplitter s when s.Set == CharacterClasses.Punctuation && s.Behavior == SplitBehavior.Contiguous => "punctuation runs",
        PieceSplitter.ByteLevelSplitter { AddsPrefixSpace: true } => "words with a space in front of the first",
        PieceSplitter.ByteLevelSplitter b => b.Cuts ? Words : string.Empty,
        _ => splitter.GetType().Name,
    };
}
