using System.Text;
using System.Text.Json.Nodes;
using Harness.Formats.Gguf;
using NUnit.Framework;

namespace Harness.Text.Tests.HuggingFace;

/// <summary>A <c>tokenizer.json</c> and the GGUF metadata made from it give the same ids; what GGUF cannot say is refused by name.</summary>
public sealed class ConversionSpecs
{
    private const string Separator = "\n__ggml_vocab_test__\n";

    [TestCase("gpt-2", "gpt-2")]
    [TestCase("llama-bpe", "llama-bpe")]
    [TestCase("qwen2", "qwen2")]
    [TestCase("starcoder", "starcoder")]
    [TestCase("deepseek-coder", "deepseek-coder")]
    [TestCase("llama-spm", null)]
    public void A_published_vocabulary_as_tokenizer_json_gives_the_published_ids(string name, string? pre)
    {
        string path = SharedFolder.Require("vocab", $"ggml-vocab-{name}.gguf");
        using var file = GgufFile.Open(path);
        var data = TokenizerData.FromGguf(file.Metadata);
        HuggingFaceTokenizer tokenizer = Parse(Published(name, data));
        TokenizerData converted = tokenizer.ToTokenizerData();
        var same = Tokenizer.Create(converted);
        string[] texts = File.ReadAllText(path + ".inp").Split(Separator);
        string[] expected = File.ReadAllText(path + ".out").Split('\n');
        Assert.That(converted.Pre, Is.EqualTo(pre));
        Assert.Multiple(() =>
        {
            for (int i = 0; i < texts.Length; i++)
            {
                Assert.That(string.Join(' ', tokenizer.Encode(texts[i])), Is.EqualTo(expected[i].Trim()), $"case {i}: '{texts[i]}'");
                Assert.That(string.Join(' ', same.Encode(texts[i])), Is.EqualTo(expected[i].Trim()), $"converted, case {i}: '{texts[i]}'");
            }
        });
    }

    [TestCase("gpt-2", "gpt2", "gpt-2")]
    [TestCase("llama-3", "gpt2", "llama-bpe")]
    [TestCase("qwen2", "gpt2", "qwen2")]
    [TestCase("gpt-4o", "gpt2", "gpt-4o")]
    [TestCase("starcoder", "gpt2", "starcoder")]
    [TestCase("deepseek-coder", "gpt2", "deepseek-coder")]
    [TestCase("deepseek-v3", "gpt2", "deepseek-v3")]
    [TestCase("roberta", "gpt2", "gpt-2")]
    [TestCase("gemma", "gemma4", null)]
    [TestCase("t5", "t5", null)]
    [TestCase("bert", "bert", null)]
    [TestCase("bert-cased", "bert", null)]
    public void A_converted_file_keeps_its_ids(string name, string model, string? pre)
    {
        HuggingFaceTokenizer tokenizer = Parse(JsonFiles.Make(name));
        TokenizerData data = tokenizer.ToTokenizerData(name == "gemma" ? new SpecialTokenNames { Bos = "<bos>" } : null);
        var written = new GgufMetadata(data.ToGguf());
        var converted = Tokenizer.Create(TokenizerData.FromGguf(written));
        Assert.That((data.Model, data.Pre), Is.EqualTo((model, pre)));
        foreach (string text in (string[])["hello world", "I'll say: we've seen 12345 models", "the <tool>x the", "größer, naïve café", "Привет, 世界"])
            Assert.That(converted.Encode(text, parseSpecial: true), Is.EqualTo(tokenizer.Encode(text, parseSpecial: true)), text);
    }

    [Test]
    public void Special_tokens_are_those_the_configuration_names()
    {
        HuggingFaceTokenizer tokenizer = Parse(JsonFiles.Make("llama-3"));
        var names = SpecialTokenNames.Parse(
            """{"bos_token":{"content":"<|im_start|>","special":true},"eos_token":"<|im_end|>","pad_token":null,"add_bos_token":true}"""u8.ToArray());
        TokenizerData data = tokenizer.ToTokenizerData(names);
        Assert.Multiple(() =>
        {
            Assert.That(data.BosId, Is.EqualTo(477));
            Assert.That(data.EosId, Is.EqualTo(478));
            Assert.That(data.PadId, Is.Null);
            Assert.That((data.AddBos, data.AddEos), Is.EqualTo((true, false)));
            Assert.That((TokenType)data.Types.Span[477], Is.EqualTo(TokenType.Control));
            Assert.That((TokenType)data.Types.Span[479], Is.EqualTo(TokenType.UserDefined));
        });
    }

    [Test]
    public void A_pre_tokenizer_nobody_knows_is_named()
    {
        string json = JsonFiles.ByteLevel(
            SmallVocabulary.ByteLevel(), null, JsonFiles.Sequence(JsonFiles.Split(@"\p{Lu}\p{Ll}*|."), JsonFiles.ByteLevelStep(false)));
        Assert.That(
            () => Parse(json).ToTokenizerData(),
            Throws.InstanceOf<UnsupportedTokenizerException>().With.Message.Contains("pre_tokenizer").And.Message.Contains(@"\p{Lu}\p{Ll}*|."));
    }

    [TestCase("llama-2", "scores cannot say")]
    [TestCase("xlm-r", "NFKC")]
    [TestCase("word-level", "WordLevel")]
    public void What_GGUF_has_no_words_for_is_refused(string name, string why) =>
        Assert.That(
            () => Parse(JsonFiles.Make(name)).ToTokenizerData(), Throws.InstanceOf<UnsupportedTokenizerException>().With.Message.Contains(why));

    private static HuggingFaceTokenizer Parse(string json) => HuggingFaceTokenizer.Parse(Encoding.UTF8.GetBytes(json));

    private static string Published(string name, TokenizerData data) => name switch
    {
        "gpt-2" => JsonFiles.ByteLevel(data, null, JsonFiles.ByteLevelStep(true)),
        "llama-bpe" => JsonFiles.ByteLevel(data, null, JsonFiles.Sequence(JsonFiles.Split(JsonFiles.Llama3), JsonFiles.ByteLevelStep(false)), ignoreMerges: true),
        "qwen2" => JsonFiles.ByteLevel(data, JsonNode.Parse("""{"type":"NFC"}"""), JsonFiles.Sequence(JsonFiles.Split(JsonFiles.Qwen2), JsonFiles.ByteLevelStep(false))),
        "starcoder" => JsonFiles.ByteLevel(data, null, JsonFiles.Sequence(JsonFiles.Digits(), JsonFiles.ByteLevelStep(true))),
        "deepseek-coder" => JsonFiles.ByteLevel(
            data, null,
            JsonFiles.Sequence(
                JsonFiles.Split(@"[\r\n]"), JsonFiles.Split(@"\s?\p{L}+"), JsonFiles.Split(@"\s?\p{P}+"), JsonFiles.Split("[一-龥ࠀ-一가-퟿]+"),
                JsonFiles.Digits(), JsonFiles.ByteLevelStep(false))),
        _ => JsonFiles.Plain(
            data with { Merges = MergesOf(data) },
            JsonNode.Parse("""{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"String":" "},"content":"▁"}]}""")!,
            null),
    };

    // As HuggingFace makes merges of a SentencePiece model: the tokens by score, each with all the ways to make it.
    private static ReadOnlyMemory<byte>[] MergesOf(TokenizerData data)
    {
        string[] texts = [.. data.Tokens.Select(t => Encoding.UTF8.GetString(t.Span))];
        var ids = texts.Select((text, id) => (text, id)).ToDictionary(t => t.text, t => t.id, StringComparer.Ordinal);
        var merges = new List<(float Score, int Order, string Merge)>();
        for (int id = 0; id < texts.Length; id++)
        {
            if ((TokenType)data.Types.Span[id] != TokenType.Normal)
                continue;
            string text = texts[id];
            var ways = new List<(int Left, int Right, string Merge)>();
            for (int cut = 1; cut < text.Length; cut++)
            {
                if (ids.TryGetValue(text[..cut], out int left) && ids.TryGetValue(text[cut..], out int right))
                    ways.Add((left, right, $"{text[..cut]} {text[cut..]}"));
            }

            foreach (var way in ways.Order())
                merges.Add((data.Scores.Span[id], merges.Count, way.Merge));
        }

        return [.. merges.OrderByDescending(m => m.Score).ThenBy(m => m.Order).Select(m => new ReadOnlyMemory<byte>(Encoding.UTF8.GetBytes(m.Merge)))];
    }
}
