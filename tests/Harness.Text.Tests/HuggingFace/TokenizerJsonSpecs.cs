using System.Text;
using System.Text.Json.Nodes;
using NUnit.Framework;

namespace Harness.Text.Tests.HuggingFace;

/// <summary>What a <c>tokenizer.json</c> says is done as HuggingFace's library (in Rust) does it, and what is wrong in one is named.</summary>
public sealed class TokenizerJsonSpecs
{
    [TestCase("Removed", false, "a|b|c")]
    [TestCase("Isolated", false, "a|-|-|b|-|c")]
    [TestCase("MergedWithPrevious", false, "a-|-|b-|c")]
    [TestCase("MergedWithNext", false, "a|-|-b|-c")]
    [TestCase("Contiguous", false, "a|--|b|-|c")]
    [TestCase("Removed", true, "-|-|-")]
    public void A_split_does_with_matches_what_it_is_told(string behavior, bool invert, string pieces)
    {
        // Whole words only: the words are the pieces.
        var vocabulary = new JsonObject();
        foreach (string word in (string[])["a", "b", "c", "-", "--", "a-", "b-", "-b", "-c"])
            vocabulary[word] = vocabulary.Count;
        string json = File(
            new JsonObject { ["type"] = "WordLevel", ["vocab"] = vocabulary.DeepClone(), ["unk_token"] = "a" }, null,
            JsonFiles.Parse($$"""{"type":"Split","pattern":{"String":"-"},"behavior":"{{behavior}}","invert":{{(invert ? "true" : "false")}}}"""));
        HuggingFaceTokenizer tokenizer = Parse(json);
        Assert.That(tokenizer.Encode("a--b-c").Select(tokenizer.TokenText), Is.EqualTo(pieces.Split('|')));
    }

    [TestCase("""{"content":"<t>","lstrip":true}""", "x  <t> y", "x|<t>| |y")]
    [TestCase("""{"content":"<t>","rstrip":true}""", "x <t>  y", "x| |<t>|y")]
    [TestCase("""{"content":"xy","single_word":true}""", "xy xyz zxy xy", "xy| |x|y|z| |z|x|y| |xy")]
    [TestCase("""{"content":"XY","normalized":true}""", "xy XY", "XY| |XY")]
    [TestCase("""{"content":"XY","normalized":false}""", "xy XY", "x|y| |XY")]
    public void Added_tokens_are_found_as_their_flags_say(string token, string text, string pieces)
    {
        var vocabulary = new JsonObject();
        foreach (string word in (string[])[" ", "x", "y", "z"])
            vocabulary[word] = vocabulary.Count;
        JsonNode added = JsonFiles.Parse(token);
        added["id"] = 10;
        string json = File(
            new JsonObject { ["type"] = "WordLevel", ["vocab"] = vocabulary, ["unk_token"] = " " }, JsonFiles.Parse("""{"type":"Lowercase"}"""),
            JsonFiles.Split("."), added);
        HuggingFaceTokenizer tokenizer = Parse(json);
        Assert.That(tokenizer.Encode(text).Select(tokenizer.TokenText), Is.EqualTo(pieces.Split('|')));
    }

    [Test]
    public void Special_tokens_stay_text_unless_asked_for()
    {
        HuggingFaceTokenizer tokenizer = Parse(JsonFiles.Make("llama-3"));
        Assert.Multiple(() =>
        {
            Assert.That(tokenizer.Encode("a<|im_start|>b", parseSpecial: true), Does.Contain(477));
            Assert.That(tokenizer.Encode("a<|im_start|>b"), Does.Not.Contain(477));
            Assert.That(tokenizer.Encode("a<tool>b"), Does.Contain(479));
        });
    }

    [TestCase("NFC", "e\u0301 \u1100\u1161\u11A8 \u212B", "é 각 Å")]
    [TestCase("NFD", "é 각", "e\u0301 \u1100\u1161\u11A8")]
    [TestCase("NFKC", "ﬁ ① ｶﾞ \u00A0", "fi 1 ガ  ")]
    [TestCase("NFKD", "ﬁ é", "fi e\u0301")]
    [TestCase("Lowercase", "ÀΣİ", "àσi\u0307")]
    [TestCase("StripAccents", "e\u0301\u0327x", "ex")]
    public void Normalizers_do_what_Unicode_says(string type, string text, string expected)
    {
        var normalizer = Text.HuggingFace.Normalizer.Read(new(System.Text.Json.JsonDocument.Parse($$"""{"type":"{{type}}"}""").RootElement, "normalizer"));
        Assert.That(Text.HuggingFace.CodePoints.Text(normalizer.Normalize([.. Text.HuggingFace.CodePoints.Of(text)])), Is.EqualTo(expected));
    }

    [TestCase("", "no JSON")]
    [TestCase("[]", "\"model\"")]
    [TestCase("""{"model":{"type":"Frobnicate"}}""", "Frobnicate")]
    [TestCase("""{"model":{"type":"BPE","vocab":{"a":0},"merges":["a b"]}}""", "model.merges[0]")]
    [TestCase("""{"model":{"type":"BPE","vocab":{"a":0,"b":1},"merges":["ab"]}}""", "one space between")]
    [TestCase("""{"model":{"type":"BPE","vocab":{"a":2147483647},"merges":[]}}""", "out of bounds")]
    [TestCase("""{"model":{"type":"BPE","vocab":{"a":-1},"merges":[]}}""", "out of bounds")]
    [TestCase("""{"model":{"type":"BPE","vocab":{"a":1e99},"merges":[]}}""", "no whole number")]
    [TestCase("""{"model":{"type":"BPE","vocab":{"a":0},"merges":[],"unk_token":"?"}}""", "'?'")]
    [TestCase("""{"model":{"type":"Unigram","vocab":[["a",0],["a",1]],"unk_id":0}}""", "twice")]
    [TestCase("""{"model":{"type":"Unigram","vocab":[["a","x"]],"unk_id":0}}""", "model.vocab[0]")]
    [TestCase("""{"model":{"type":"Unigram","vocab":[["a",0]],"unk_id":7}}""", "unk_id is 7")]
    [TestCase("""{"model":{"type":"WordLevel","vocab":{}},"pre_tokenizer":{"type":"Split","pattern":{"Regex":"(a"},"behavior":"Isolated"}}""", "pre_tokenizer.pattern.Regex")]
    [TestCase("""{"model":{"type":"WordLevel","vocab":{}},"normalizer":{"type":"Upside"}}""", "\"Upside\"")]
    [TestCase("""{"model":{"type":"WordLevel","vocab":{}},"normalizer":{"type":"Precompiled","precompiled_charsmap":"AAAA/w=="}}""", "precompiled_charsmap")]
    [TestCase("""{"model":{"type":"WordLevel","vocab":{}},"added_tokens":[{"id":99999999,"content":"x"}]}""", "added_tokens[0]")]
    public void A_fault_is_named_with_its_place(string json, string what) =>
        Assert.That(() => Parse(json), Throws.InstanceOf<TokenizerException>().With.Message.Contains(what));

    [Test]
    public void Merges_that_make_each_other_end()
    {
        string json = File(
            JsonFiles.Parse("""{"type":"BPE","vocab":{"a":0,"b":1,"ab":2,"aba":3,"bab":4},"merges":["a b","ab a","b ab"]}"""),
            null, null);
        Assert.That(string.Concat(Parse(json).Encode(string.Concat(Enumerable.Repeat("ab", 5000)))), Is.Not.Empty);
    }

    [Test]
    public void Damaged_files_get_a_clear_error_or_work([ValueSource(typeof(JsonFiles), nameof(JsonFiles.Names))] string name)
    {
        byte[] whole = Encoding.UTF8.GetBytes(JsonFiles.Make(name));
        var random = new Random(61);
        for (int i = 0; i < 60; i++)
        {
            byte[] damaged = Damage(whole, random);
            try
            {
                HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.Parse(damaged);
                foreach (int id in tokenizer.Encode("the <tool>x größer 你好 1234 🦙\n", parseSpecial: true))
                    Assert.That(id, Is.InRange(0, tokenizer.VocabularySize - 1));
                tokenizer.Decode([0, 1, 2, 3, 300, 478]);
                Tokenizer.Create(tokenizer.ToTokenizerData()).Encode("the größer 你好");
            }
            catch (TokenizerException e)
            {
                Assert.That(e.Message, Is.Not.Empty);
            }
        }
    }

    // Bytes, numbers or whole words put in each other's place, mostly in the first part, where the structure is.
    private static byte[] Damage(byte[] whole, Random random)
    {
        string text = Encoding.UTF8.GetString(whole);
        for (int n = random.Next(1, 4); n > 0; n--)
        {
            int at = random.Next(random.Next(3) == 0 ? text.Length : Math.Min(text.Length, 3000));
            text = random.Next(6) switch
            {
                0 => text[..at],
                1 => text.Remove(at, Math.Min(text.Length - at, random.Next(1, 30))),
                2 => text.Insert(at, ((string[])["-1", "1e400", "null", "\"\"", "[]", "{}", "99999999999", "\\ud800", "\u0000"])[random.Next(9)]),
                3 => text.Replace("true", "17", StringComparison.Ordinal),
                4 => text.Replace("\"type\"", "\"tipe\"", StringComparison.Ordinal),
                _ => text[..at] + (char)random.Next(32, 127) + text[Math.Min(text.Length, at + 1)..],
            };
            if (text.Length == 0)
                break;
        }

        return Encoding.UTF8.GetBytes(text);
    }

    private static HuggingFaceTokenizer Parse(string json) => HuggingFaceTokenizer.Parse(Encoding.UTF8.GetBytes(json));

    private static string File(JsonNode model, JsonNode? normalizer, JsonNode? preTokenizer, params JsonNode[] added) => new JsonObject
    {
        ["added_tokens"] = new JsonArray(added),
        ["normalizer"] = normalizer,
        ["pre_tokenizer"] = preTokenizer,
        ["model"] = model,
    }.ToJsonString();
}
