using System.Text.Json;

namespace Harness.Conversion.Tokenizers;

/// <summary>
/// Tells, from the rules by which a tokenizer.json cuts text, the name under which GGUF knows them. Rules as published in the
/// models' tokenizer.json files.
/// </summary>
internal static class PreTokenizerNames
{
    private const string Words = @"'…|[^\r\n\p{L}\p{N}]?\p{L}+|{0}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string Rising =
        @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+{1}|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*{1}"
        + @"|{0}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    // The same contractions, in the ways they are written.
    private static readonly string[] Contractions =
    [
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)", "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])", "'(?i:[sdmt]|ll|ve|re)", "(?i:'s|'t|'re|'ve|'m|'d|'ll)",
        "'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]",
    ];

    /// <summary>Rules, one a line, and their name: where words that are tokens are taken whole, and where they are not.</summary>
    private static readonly Dictionary<string, (string Whole, string Merged)> Names = new(StringComparer.Ordinal)
    {
        ["bytes"] = ("gpt-2", "gpt-2"),
        ["digits\nbytes"] = ("starcoder", "starcoder"),
        [Words.Replace("{0}", @"\p{N}{1,3}", StringComparison.Ordinal)] = ("llama-bpe", "dbrx"),
        [Words.Replace("{0}", @"\p{N}", StringComparison.Ordinal)] = ("qwen2", "qwen2"),
        [Rising.Replace("{0}", @"\p{N}", StringComparison.Ordinal).Replace("{1}", "", StringComparison.Ordinal)] = ("tekken", "tekken"),
        [Rising.Replace("{0}", @"\p{N}{1,3}", StringComparison.Ordinal).Replace("{1}", "'…?", StringComparison.Ordinal)] = ("gpt-4o", "gpt-4o"),
        [
            @"\p{N}{1,3}" + "\n[一-龥぀-ゟ゠-ヿ]+\n"
            + @"[!""#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
        ] = ("deepseek-v3", "deepseek-v3"),
        ["[\r\n]\n\\s?\\p{L}+\n\\s?\\p{P}+\n[一-龥ࠀ-一가-퟿]+\ndigits"] = ("deepseek-coder", "deepseek-coder"),
        ["punctuation\nbytes\ndigits-together\n[0-9][0-9][0-9]"] = ("falcon", "falcon"),
        ["punctuation\nbytes\n[0-9][0-9][0-9]"] = ("falcon", "falcon"),
        [@" ?[^(\s|[.,!?…。，、।۔،])]+"] = ("bloom", "bloom"),
    };

    /// <summary>Whether the tokens are of bytes, each with a letter of its own.</summary>
    public static bool IsByteLevel(JsonElement json) =>
        Parts(TokenizerKeys.Field(json, "pre_tokenizer"), "pretokenizers").Concat(Parts(TokenizerKeys.Field(json, "decoder"), "decoders"))
            .Any(p => TokenizerKeys.Text(p, "type") == "ByteLevel");

    /// <summary>The name of a tokenizer's rules.</summary>
    /// <param name="json">The tokenizer.json.</param>
    /// <param name="architecture">The architecture as GGUF names it: some have a name of their own for rules that others have too.</param>
    /// <param name="path">The file.</param>
    /// <exception cref="ConversionException">No name is known for them.</exception>
    public static string Find(JsonElement json, string architecture, string path)
    {
        string rules = string.Join('\n', Parts(TokenizerKeys.Field(json, "pre_tokenizer"), "pretokenizers").Select(Rule).Where(r => r.Length > 0));
        if (!Names.TryGetValue(rules, out (string Whole, string Merged) names))
        {
            throw new ConversionException(
                TokenizerKeys.Step, $"the tokenizer cuts text by rules that have no known name: {rules.Replace("\n", " · ", StringComparison.Ordinal)}", path,
                "llama.cpp too knows such rules only by name; a name for these must first be found.") { Unsupported = true };
        }

        bool whole = TokenizerKeys.Flag(TokenizerKeys.Field(json, "model"), "ignore_merges") == true;
        return architecture is "glm4" or "glm4moe" && names.Merged == "dbrx" ? "glm4" : whole ? names.Whole : names.Merged;
    }

    private static IEnumerable<JsonElement> Parts(JsonElement? part, string list) =>
        part is not { } one ? [] : TokenizerKeys.Text(one, "type") == "Sequence" ? TokenizerKeys.Items(one, list).SelectMany(p => Parts(p, list)) : [one];

    private static string Rule(JsonElement part)
    {
        switch (TokenizerKeys.Text(part, "type"))
        {
            case "ByteLevel":
                return TokenizerKeys.Flag(part, "use_regex") ?? true ? "bytes" : "";
            case "Digits":
                return TokenizerKeys.Flag(part, "individual_digits") == true ? "digits" : "digits-together";
            case "Punctuation":
                return "punctuation";
            case "Split":
                JsonElement? pattern = TokenizerKeys.Field(part, "pattern");
                string rule = TokenizerKeys.Text(pattern, "Regex") ?? $"text {TokenizerKeys.Text(pattern, "String")}";
                return Contractions.Aggregate(rule, (r, c) => r.Replace(c, "'…", StringComparison.Ordinal));
            case var other:
                return other ?? "nameless";
        }
    }
}
