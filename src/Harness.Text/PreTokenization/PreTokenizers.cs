using System.Collections.Frozen;
using static Harness.Text.PreTokenization.SplitRules;

namespace Harness.Text.PreTokenization;

/// <summary>
/// The pre-tokenizers by the names <c>tokenizer.ggml.pre</c> may hold. A new name that shares a rule is one word in
/// this table; a new rule is one entry.
/// </summary>
internal static class PreTokenizers
{
    private const string Contraction = $"(?:{Contractions})?";

    private static readonly FrozenDictionary<string, Func<PreTokenizer>> ByName = Table().ToFrozenDictionary();

    /// <summary>The names known, in no order.</summary>
    public static IEnumerable<string> Names => ByName.Keys;

    /// <summary>Builds a pre-tokenizer.</summary>
    /// <param name="name">The name in the metadata; null or empty means <c>default</c>, as in llama.cpp.</param>
    /// <exception cref="UnsupportedTokenizerException">The name is not known.</exception>
    public static PreTokenizer Create(string? name)
    {
        name = string.IsNullOrEmpty(name) ? "default" : name;
        return ByName.TryGetValue(name, out Func<PreTokenizer>? create)
            ? create()
            : throw new UnsupportedTokenizerException("tokenizer.ggml.pre", name, NearNames.Of(name, Names));
    }

    private static Dictionary<string, Func<PreTokenizer>> Table()
    {
        var table = new Dictionary<string, Func<PreTokenizer>>(StringComparer.Ordinal);

        void Add(string names, Func<PreTokenizer> create)
        {
            foreach (string name in names.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                table.Add(name, create);
        }

        Add("default", () => Of(@"[\p{P}\$\+<=>\^~\|]+", Gpt2, NumberRuns, AsciiTriples));
        Add(
            "gpt-2 phi-2 jina-es jina-de gigachat jina-v2-es jina-v2-de a.x-4.0 mellum modern-bert jina-v1-en"
            + " jina-v2-code roberta-bpe mpt olmo jais trillion granite-docling exaone4",
            () => Of(Gpt2));
        Add("starcoder refact command-r smollm codeshell exaone minerva-7b mellum2", () => Of(EachNumber, Gpt2));
        Add(
            "llama3 llama-v3 llama-bpe falcon3 falcon-h1 pixtral midm-2.0 lfm2 jina-v5-nano",
            () => Of(Words(NumberTriples)) with { IgnoresMerges = true, AddsBos = true });
        Add("dbrx smaug-bpe", () => Of(Words(NumberTriples)));
        Add("glm4 chatglm-bpe", () => Of(Words(NumberTriples)) with { HasNoDefaultBos = true });
        Add(
            "qwen2 deepseek-r1-qwen kormo f2llmv2 megrez stablelm2 hunyuan solar-open grok-2",
            () => Of(Words(EachNumber)));
        Add(
            "qwen35",
            () => Of(
                $@"{Contractions}|[^\r\n\p{{L}}\p{{N}}]?[\p{{L}}\p{{M}}]+|\p{{N}}| ?[^\s\p{{L}}\p{{M}}\p{{N}}]+[\r\n]*"
                + $"|{LineBreaks}|{Spaces}"));
        Add("ufakzeka", () => Of(Unabbreviated(EachNumber)));
        Add("laguna", () => Of(Lines, Words(EachNumber)));
        Add(
            "gemma4 granite-embed-multi-311m",
            () => Of(Lines) with
            { Notation = TokenNotation.Plain, EscapesSpaces = true, KeepsLineBreaks = true, RequiresBos = true });
        Add("sarvam-moe", () => Of(Lines) with { Notation = TokenNotation.Plain, EscapesSpaces = true });
        Add("whitespace", () => Of(@"\S+") with { Notation = TokenNotation.Plain });
        Add("minicpm5", () => Of(NumberTriples, Words(NumberRuns)) with { IgnoresMerges = true });
        Add(
            "bailingmoe bailingmoe2 llada-moe",
            () => Of($@"{Contractions}|{PrefixedLetters}|\p{{N}}|{Signs}|\s*[\r\n]|{Spaces}"));
        Add(
            "seed-coder",
            () => Of($@"{Contractions}|{PrefixedLetters}|\p{{N}}| ?[^\s\p{{L}}\p{{N}}\r\n]+|{LineBreaks}|{Spaces}"));
        Add(
            "jais-2",
            () => Of(
                $@"{Contractions}|{PrefixedLetters}|{NumberTriples}|{Signs}|{LineBreaks}|\s{{512}}(?!\S)|\s{{256}}(?!\S)"
                + @"|\s{128}(?!\S)|\s{64}(?!\S)|\s{32}(?!\S)|\s{16}(?!\S)|\s{8}(?!\S)|\s{4}(?!\S)|\s{1,2}(?!\S)|\s"));
        Add(
            "exaone-moe",
            () => Of(
                $@"{Contractions}|[^\r\n\p{{L}}\p{{N}}]?(?:\p{{L}}\p{{M}}*(?: \p{{L}}\p{{M}}*)*)+|\p{{N}}"
                + $@"| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]?|\s*[\r\n]|{Spaces}"));
        Add(
            "deepseek-llm",
            () => new PreTokenizer
            {
                Steps =
                [
                    new SplitPattern(EachLineBreak), new SplitPattern(CasedLetters), new SplitPattern(CjkPunctuation),
                    new TrailingWhitespace(), new SplitPattern(HanAndHangul), new SplitPattern(NumberRuns),
                ],
            });
        Add("deepseek-coder", () => Of(EachLineBreak, @"\s?\p{L}+", @"\s?\p{P}+", HanAndHangul, EachNumber));
        Add(
            "deepseek-v3 hunyuan-dense joyai-llm hy_v4",
            () => Of(
                NumberTriples, HanAndKana, $@"{MarkedWords}| ?[\p{{P}}\p{{S}}]+[\r\n]*|{LineBreaks}|{Spaces}"));
        Add(
            "spark2_5",
            () => Of(
                NumberTriples, HanAndKana, $@"{MarkedWords}| ?[\p{{P}}\p{{S}}]+|[\r\n]|{Spaces}", EachNumber));
        Add(
            "afmoe",
            () => new PreTokenizer
            {
                Steps =
                [
                    new LeadingDigitTriples(), new SplitPattern(SpacelessScripts),
                    new SplitPattern($@"{MarkedWords}| ?[\p{{P}}\p{{S}}]+[\r\n]*|{LineBreaks}|{Spaces}"),
                ],
            });
        Add(
            "youtu",
            () => Of(
                YoutuScripts,
                $@"[^\r\n\p{{L}}\p{{N}}]?[\p{{L}}\p{{M}}]+{Contraction}|\p{{N}}|{SignsAndSlashes}|{LineBreaks}|{Spaces}")
                with
            { IgnoresMerges = true });
        Add("falcon", () => Of(@"[\p{P}\$\+<=>\^~\|`]+", Gpt2, AsciiTriples));
        Add("poro-chat bloom gpt3-finnish", () => Of(BloomWords));
        Add("viking", () => Of(BloomWords, EachNumber));
        Add(
            "tekken",
            () => Of(CasedWords(@"\p{L}", string.Empty, EachNumber)) with { IgnoresMerges = true, AddsBos = true });
        Add("gpt-4o llama4 kanana2 talkie minimax-m2", () => Of(CasedWords(@"\p{L}", Contraction, NumberTriples)));
        Add(
            "granite-embed-multi-97m",
            () => Of(CasedWords(@"\p{L}\p{M}", Contraction, NumberTriples)) with { IgnoresMerges = true });
        Add(
            "tiny_aya cohere2moe",
            () => new PreTokenizer
            {
                Steps =
                [
                    new LeadingDigitTriples(),
                    new SplitPattern(
                        $@"[^\r\n\p{{L}}\p{{N}}]?[\p{{L}}\p{{M}}]+{Contraction}|{NumberTriples}|{SignsAndSlashes}"
                        + $"|{LineBreaks}|{Spaces}"),
                ],
            });
        Add(
            "superbpe",
            () => new PreTokenizer { Steps = [new SplitPattern(NumberRuns), new DigitTriples()] });
        Add(
            "chameleon",
            () => Of(
                "<sentinel:[0-9]+>", "IMGIMG[A-I]{1,4}Z", @"[\t\n]|    |  ", EachNumber, @"[\p{P}!-/:-@\[-`{-~]", Gpt2)
                with
            { AddsBos = true });
        Add(
            "kimi-k2",
            () => Of(
                $@"[\p{{Han}}]+|[^\r\n\p{{L}}\p{{N}}]?[\p{{L}}--\p{{Han}}]+{Contraction}|{NumberTriples}|{Signs}"
                + $"|{LineBreaks}|{Spaces}")
                with
            { NeedsNoMerges = true });
        return table;
    }

    private static PreTokenizer Of(params string[] patterns) =>
        new() { Steps = [.. patterns.Select(pattern => new SplitPattern(pattern))] };
}
