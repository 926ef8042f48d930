using System.Text;
using NUnit.Framework;

namespace Harness.Text.Tests;

/// <summary>Text becomes ids and comes back.</summary>
public sealed class EncodingSpecs
{
    // Ids that llama.cpp v0.5.0 gives for the small vocabularies and these texts.
    private static readonly string[] Texts =
    [
        "", " ", "hello world", " hello  world", "I'll say: we've seen 12345 models\n\n\tthen", "größer, naïve café", "Привет, мир",
        "你好，世界🦙", "\u0000\u0001\u007f", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaathe",
        "<tool> the <tool>x<|im_start|>", "e\u0301 ½ 𝟘𝟙 \u3000 ▁", "the\u200Bthese",
    ];

    private static readonly string[] ByteLevelIds =
    [
        "",
        "32",
        "268 279 111 114 108 100",
        "277 32 279 111 114 108 100",
        "73 347 341 58 279 101 350 270 398 333 368 53 339 115 10 10 9 308 110",
        "410 44 32 428 32 99 382",
        "208 159 274 286 285 208 471 44 280 319",
        "329 239 188 140 328 330",
        "0 1 127",
        "97 97 97 97 97 97 97 97 97 97 97 97 97 97 97 97 97 97 97 97 97 97 97 97 97 97 97 97 97 97 97 97 97 97 "
        + "97 97 97 97 97 97 97 97 97 97 97 97 97 97 97 97 97 97 97 97 97 97 97 97 97 97 97 97 97 97 308",
        "479 259 32 480 60 124 105 109 95 307 97 114 116 124 62",
        "101 204 129 32 194 189 32 240 157 159 152 240 157 159 153 32 326 128 32 226 150 129",
        "308 226 128 139 308 306",
    ];

    private static readonly string[] SentencePieceIds =
    [
        "",
        "261",
        "278 280 514 516 511 505",
        "261 271 261 521 514 516 511 505",
        "315 343 323 494 280 382 273 386 314 361 56 321 517 479 479 12 305 513",
        "459 486 463 531 504 372",
        "472 531 211 191 309",
        "476 242 191 143 328 243 162 169 156",
        "531 3 4 130",
        "263 502 502 502 502 502 502 502 502 502 502 502 502 502 502 502 502 502 502 502 502 502 502 502 502 "
        + "502 502 502 502 502 502 502 502 502 502 502 502 502 502 502 502 502 502 502 502 502 502 502 502 502 "
        + "502 502 502 502 502 502 502 502 502 502 502 502 502 502 305",
        "533 531 262 531 533 531 123 496 127 510 512 98 304 502 516 518 127 65",
        "277 207 132 531 197 192 531 243 160 162 155 243 160 162 156 531 230 131 131 261",
        "262 229 131 142 305 303",
    ];

    [Test]
    public void Byte_level_ids_are_those_of_the_reference()
    {
        var tokenizer = Tokenizer.Create(SmallVocabulary.ByteLevel());
        Assert.That(Texts.Select(t => string.Join(' ', tokenizer.Encode(t))), Is.EqualTo(ByteLevelIds));
    }

    [Test]
    public void SentencePiece_ids_are_those_of_the_reference()
    {
        var tokenizer = Tokenizer.Create(SmallVocabulary.SentencePiece());
        Assert.That(Texts.Select(t => string.Join(' ', tokenizer.Encode(t))), Is.EqualTo(SentencePieceIds));
    }

    [Test]
    public void Decoding_gives_back_every_text([Values("gpt-2", "llama-bpe", "qwen2", "deepseek-v3", "tekken", "llama")] string kind)
    {
        var tokenizer = Create(kind);
        var random = new Random(1);
        for (int i = 0; i < 500; i++)
        {
            string text = RandomText.Next(random).Replace("<tool>", "tool", StringComparison.Ordinal);
            Assert.That(Encoding.UTF8.GetString(tokenizer.Decode(tokenizer.Encode(text))), Is.EqualTo(Expected(text, kind)));
        }
    }

    [Test]
    public void Any_bytes_become_ids_of_the_vocabulary([Values("gpt-2", "falcon", "superbpe", "llama")] string kind)
    {
        var tokenizer = Create(kind);
        var random = new Random(2);
        for (int i = 0; i < 2000; i++)
        {
            byte[] bytes = RandomText.NextBytes(random);
            foreach (int id in tokenizer.Encode(bytes, parseSpecial: i % 2 == 0))
                Assert.That(id, Is.InRange(0, tokenizer.VocabularySize - 1));
        }
    }

    [Test]
    public void Invalid_bytes_become_replacement_characters_in_byte_level_vocabularies()
    {
        var tokenizer = Create("gpt-2");
        Assert.Multiple(() =>
        {
            Assert.That(Decode([0x61, 0xFF, 0x62]), Is.EqualTo("a\uFFFDb"));
            Assert.That(Decode([0xE2, 0x96]), Is.EqualTo("\uFFFD\uFFFD"), "a code point cut short");
            Assert.That(Decode([0xC1, 0x81]), Is.EqualTo("A"), "an overlong form");
        });

        string Decode(byte[] bytes) => Encoding.UTF8.GetString(tokenizer.Decode(tokenizer.Encode(bytes)));
    }

    [Test]
    public void SentencePiece_keeps_invalid_bytes_as_they_are()
    {
        var tokenizer = Create("llama");
        byte[] bytes = [0x61, 0x20, 0x80, 0xFF, 0x62, 0xE2, 0x96];
        Assert.That(tokenizer.Decode(tokenizer.Encode(bytes)), Is.EqualTo(bytes));
    }

    [Test]
    public void The_same_text_gives_the_same_ids_however_much_was_seen_before([Values("gpt-2", "llama")] string kind)
    {
        var used = Create(kind);
        var random = new Random(3);
        string[] texts = [.. Enumerable.Range(0, 300).Select(_ => RandomText.Next(random))];
        foreach (string text in texts)
            used.Encode(text);
        foreach (string text in texts)
            Assert.That(used.Encode(text), Is.EqualTo(Create(kind).Encode(text)));
    }

    [Test]
    public void A_long_text_gives_the_ids_of_its_words([Values("gpt-2", "llama")] string kind)
    {
        // Short words and long ones take different paths, and long texts a cache: all must agree.
        var tokenizer = Create(kind);
        string word = string.Concat(Enumerable.Repeat("thethese", 20));
        int[] one = tokenizer.Encode(" " + word);
        int[] many = tokenizer.Encode(string.Concat(Enumerable.Repeat(" " + word, 50)));
        int[] prefixed = kind == "llama" ? tokenizer.Encode(word) : one;
        Assert.That(many[^prefixed.Length..], Is.EqualTo(prefixed));
        Assert.That(tokenizer.Decode(one).Length, Is.EqualTo(word.Length + 1));
    }

    [Test]
    public void Threads_may_share_a_tokenizer()
    {
        var tokenizer = Create("gpt-2");
        var random = new Random(4);
        string[] texts = [.. Enumerable.Range(0, 400).Select(_ => RandomText.Next(random))];
        int[][] alone = [.. texts.Select(t => tokenizer.Encode(t))];
        int[][] together = [.. texts.AsParallel().AsOrdered().WithDegreeOfParallelism(4).Select(t => tokenizer.Encode(t))];
        Assert.That(together, Is.EqualTo(alone));
    }

    private static Tokenizer Create(string kind) =>
        Tokenizer.Create(kind == "llama" ? SmallVocabulary.SentencePiece() : SmallVocabulary.ByteLevel(kind));

    // U+2581 is how SentencePiece writes a space, so it comes back as one.
    private static string Expected(string text, string kind) =>
        kind == "llama" ? text.Replace('▁', ' ') : text;
}
