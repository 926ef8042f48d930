using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Harness.Text.Tests.HuggingFace;

/// <summary><c>tokenizer.json</c> files shaped like published ones, around the vocabularies of the tests.</summary>
internal static class JsonFiles
{
    public const string Llama3 =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    public const string Qwen2 =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    public const string Gpt4o =
        @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    // As published: with line breaks in it, not the letters that stand for them.
    private const string DeepSeek3 =
        "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+";

    private static readonly JsonSerializerOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Names of all that <see cref="Make"/> makes.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "gpt-2", "llama-3", "qwen2", "gpt-4o", "starcoder", "deepseek-coder", "deepseek-v3", "llama-2", "gemma", "t5", "xlm-r", "bert", "bert-cased", "roberta",
        "word-level",
    ];

    /// <summary>Makes a file.</summary>
    public static string Make(string name) => name switch
    {
        "gpt-2" => ByteLevel(SmallVocabulary.ByteLevel(), null, ByteLevelStep(true)),
        "llama-3" => ByteLevel(SmallVocabulary.ByteLevel(), null, Sequence(Split(Llama3), ByteLevelStep(false)), ignoreMerges: true),
        "qwen2" => ByteLevel(SmallVocabulary.ByteLevel(), Type("NFC"), Sequence(Split(Qwen2), ByteLevelStep(false))),
        "gpt-4o" => ByteLevel(SmallVocabulary.ByteLevel(), null, Sequence(Split(Gpt4o), ByteLevelStep(false))),
        "starcoder" => ByteLevel(SmallVocabulary.ByteLevel(), null, Sequence(Digits(), ByteLevelStep(true))),
        "deepseek-coder" => ByteLevel(
            SmallVocabulary.ByteLevel(), null,
            Sequence(Split(@"[\r\n]"), Split(@"\s?\p{L}+"), Split(@"\s?\p{P}+"), Split("[一-龥ࠀ-一가-퟿]+"), Digits(), ByteLevelStep(false))),
        "deepseek-v3" => ByteLevel(
            SmallVocabulary.ByteLevel(), Parse("""{"type":"Sequence","normalizers":[]}"""),
            Sequence(Split(@"\p{N}{1,3}"), Split("[一-龥぀-ゟ゠-ヿ]+"), Split(DeepSeek3), ByteLevelStep(false))),
        "roberta" => ByteLevel(
            SmallVocabulary.ByteLevel(), null, ByteLevelStep(true),
            post: Parse("""{"type":"RobertaProcessing","sep":["<|im_end|>",478],"cls":["<|im_start|>",477],"trim_offsets":true,"add_prefix_space":false}""")),
        "llama-2" => Plain(
            SmallVocabulary.PlainBytePair(),
            Parse("""{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"String":" "},"content":"▁"}]}"""), null),
        "gemma" => Plain(
            SmallVocabulary.PlainBytePair(), Parse("""{"type":"Replace","pattern":{"String":" "},"content":"▁"}"""),
            Parse("""{"type":"Split","pattern":{"String":" "},"behavior":"MergedWithPrevious","invert":false}""")),
        "t5" => Unigram(Parse("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}"""), null),
        "xlm-r" => Unigram(
            Parse("""{"type":"Metaspace","replacement":"▁","add_prefix_space":true}"""),
            Parse("""{"type":"Sequence","normalizers":[{"type":"NFKC"},{"type":"Replace","pattern":{"Regex":" {2,}"},"content":" "}]}""")),
        "bert" => WordPiece(lowercase: true),
        "bert-cased" => WordPiece(lowercase: false),
        "word-level" => WordLevel(),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no such file"),
    };

    /// <summary>A byte-level BPE file around any vocabulary of that kind.</summary>
    public static string ByteLevel(
        TokenizerData data, JsonNode? normalizer, JsonNode preTokenizer, bool ignoreMerges = false, JsonNode? post = null)
    {
        var model = Parse("""{"type":"BPE","dropout":null,"unk_token":null,"continuing_subword_prefix":"","end_of_word_suffix":"","fuse_unk":false,"byte_fallback":false}""");
        model["ignore_merges"] = ignoreMerges;
        model["vocab"] = Vocabulary(data);
        model["merges"] = new JsonArray([.. data.Merges.Select(m => JsonValue.Create(Encoding.UTF8.GetString(m.Span)))]);
        return File(data, model, normalizer, preTokenizer, post, Parse("""{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true}"""));
    }

    /// <summary>A character BPE file with byte fallback around any vocabulary of that kind.</summary>
    public static string Plain(TokenizerData data, JsonNode normalizer, JsonNode? preTokenizer)
    {
        var model = Parse("""{"type":"BPE","dropout":null,"unk_token":"<unk>","continuing_subword_prefix":null,"end_of_word_suffix":null,"fuse_unk":true,"byte_fallback":true,"ignore_merges":false}""");
        JsonObject vocabulary = Vocabulary(data);
        model["vocab"] = vocabulary;
        model["merges"] = new JsonArray(
        [
            .. data.Merges.Select(m => Encoding.UTF8.GetString(m.Span).Split(' '))
                .Where(m => vocabulary.ContainsKey(m[0]) && vocabulary.ContainsKey(m[1]) && vocabulary.ContainsKey(m[0] + m[1]))
                .Select(m => (JsonNode)new JsonArray(m[0], m[1])),
        ]);
        return File(
            data, model, normalizer, preTokenizer, null,
            Parse("""{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]}"""));
    }

    public static JsonNode Parse(string json) => JsonNode.Parse(json)!;

    public static JsonNode Split(string regex) => Parse($$"""{"type":"Split","pattern":{"Regex":{{JsonSerializer.Serialize(regex)}}},"behavior":"Isolated","invert":false}""");

    public static JsonNode Sequence(params JsonNode[] steps) =>
        new JsonObject { ["type"] = "Sequence", ["pretokenizers"] = new JsonArray(steps) };

    public static JsonNode ByteLevelStep(bool useRegex) =>
        new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = useRegex };

    public static JsonNode Digits() => Parse("""{"type":"Digits","individual_digits":true}""");

    private static JsonNode Type(string type) => new JsonObject { ["type"] = type };

    private static JsonObject Vocabulary(TokenizerData data)
    {
        var vocabulary = new JsonObject();
        for (int id = 0; id < data.Tokens.Count; id++)
            vocabulary[Encoding.UTF8.GetString(data.Tokens[id].Span)] = id;
        return vocabulary;
    }

    private static JsonArray Added(TokenizerData data)
    {
        var added = new JsonArray();
        for (int id = 0; id < data.Types.Length; id++)
        {
            TokenType type = (TokenType)data.Types.Span[id];
            if (type is not (TokenType.Control or TokenType.UserDefined or TokenType.Unknown))
                continue;
            bool special = type != TokenType.UserDefined;
            added.Add(new JsonObject
            {
                ["id"] = id,
                ["content"] = Encoding.UTF8.GetString(data.Tokens[id].Span),
                ["single_word"] = false,
                ["lstrip"] = false,
                ["rstrip"] = false,
                ["normalized"] = false,
                ["special"] = special,
            });
        }

        return added;
    }

    private static string File(TokenizerData data, JsonNode model, JsonNode? normalizer, JsonNode? preTokenizer, JsonNode? post, JsonNode decoder) =>
        new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = Added(data),
            ["normalizer"] = normalizer,
            ["pre_tokenizer"] = preTokenizer,
            ["post_processor"] = post,
            ["decoder"] = decoder,
            ["model"] = model,
        }.ToJsonString(Options);

    private static string Unigram(JsonNode metaspace, JsonNode? normalizer)
    {
        TokenizerData data = MadeVocabularies.Make("unigram");
        var vocabulary = new JsonArray();
        for (int id = 0; id < data.Tokens.Count; id++)
            vocabulary.Add(new JsonArray(Encoding.UTF8.GetString(data.Tokens[id].Span), data.Scores.Span[id]));
        var model = new JsonObject { ["type"] = "Unigram", ["unk_id"] = 2, ["vocab"] = vocabulary, ["byte_fallback"] = false };
        return File(
            data, model, normalizer, metaspace,
            Parse("""{"type":"TemplateProcessing","single":[{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"</s>","type_id":0}}],"pair":[],"special_tokens":{"</s>":{"id":"</s>","ids":[1],"tokens":["</s>"]}}}"""),
            Parse("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}"""));
    }

    private static string WordPiece(bool lowercase)
    {
        TokenizerData data = MadeVocabularies.Make("wordpiece");
        var vocabulary = new JsonObject();
        for (int id = 0; id < data.Tokens.Count; id++)
        {
            string text = Encoding.UTF8.GetString(data.Tokens[id].Span);
            vocabulary[id < 5 ? text : text.StartsWith('▁') ? text[1..] : "##" + text] = id;
        }

        var model = new JsonObject
        {
            ["type"] = "WordPiece",
            ["unk_token"] = "[UNK]",
            ["continuing_subword_prefix"] = "##",
            ["max_input_chars_per_word"] = 100,
            ["vocab"] = vocabulary,
        };
        var normalizer = new JsonObject
        {
            ["type"] = "BertNormalizer",
            ["clean_text"] = true,
            ["handle_chinese_chars"] = true,
            ["strip_accents"] = null,
            ["lowercase"] = lowercase,
        };
        return File(
            data, model, normalizer, Type("BertPreTokenizer"),
            Parse("""{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"[SEP]","type_id":0}}],"pair":[],"special_tokens":{"[CLS]":{"id":"[CLS]","ids":[2],"tokens":["[CLS]"]},"[SEP]":{"id":"[SEP]","ids":[3],"tokens":["[SEP]"]}}}"""),
            Parse("""{"type":"WordPiece","prefix":"##","cleanup":true}"""));
    }

    private static string WordLevel()
    {
        var vocabulary = new JsonObject { ["[UNK]"] = 0 };
        foreach (string word in (string[])["the", "hello", "world", ",", "a", "1", "x_y", "é"])
            vocabulary[word] = vocabulary.Count;
        var model = new JsonObject { ["type"] = "WordLevel", ["vocab"] = vocabulary, ["unk_token"] = "[UNK]" };
        return new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = new JsonArray(),
            ["normalizer"] = Type("Lowercase"),
            ["pre_tokenizer"] = Type("Whitespace"),
            ["post_processor"] = null,
            ["decoder"] = null,
            ["model"] = model,
        }.ToJsonString(Options);
    }
}
