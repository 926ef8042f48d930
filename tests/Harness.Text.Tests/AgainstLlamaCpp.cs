using System.Globalization;
using System.Text;
using Harness.Text.PreTokenization;
using Harness.Text.Tests.LlamaCpp;
using Harness.Workers.Tests.Backends;
using NUnit.Framework;

namespace Harness.Text.Tests;

/// <summary>The same ids, the same pieces and the same ends as llama.cpp v0.5.0, whatever the text.</summary>
public sealed class AgainstLlamaCpp
{
    private static IEnumerable<string> Published => VocabulariesAtHand.Names;

    private static IEnumerable<string> PreTokenizerNames => PreTokenizers.Names.Order(StringComparer.Ordinal);

    private static IEnumerable<string> MadeKinds => MadeVocabularies.Names;

    [TestCaseSource(nameof(Published))]
    public void Published_vocabularies_give_its_ids(string name) => Compare(PublishedData(name), tokens: 15_000, seed: 11);

    [TestCaseSource(nameof(Published))]
    [Category("Soak")]
    public void Published_vocabularies_give_its_ids_for_a_million_tokens(string name) => Compare(PublishedData(name), 1_000_000, 12);

    [TestCaseSource(nameof(MadeKinds))]
    public void Made_vocabularies_of_every_kind_give_its_ids(string name) => Compare(MadeVocabularies.Make(name), 15_000, 13);

    [TestCaseSource(nameof(MadeKinds))]
    [Category("Soak")]
    public void Made_vocabularies_of_every_kind_give_its_ids_for_a_million_tokens(string name) => Compare(MadeVocabularies.Make(name), 1_000_000, 14);

    [Test]
    public void Every_pre_tokenizer_cuts_as_it_does() =>
        Assert.Multiple(() =>
        {
            foreach (string name in PreTokenizerNames)
                Compare(MadeVocabularies.ForPreTokenizer(name), 500, 15);
        });

    [TestCaseSource(nameof(PreTokenizerNames))]
    [Category("Soak")]
    public void Every_pre_tokenizer_cuts_as_it_does_for_a_million_tokens(string name) => Compare(MadeVocabularies.ForPreTokenizer(name), 1_000_000, 16);

    [TestCaseSource(nameof(Published))]
    public void Published_vocabularies_give_its_pieces_and_ends(string name) => ComparePieces(PublishedData(name));

    [TestCaseSource(nameof(MadeKinds))]
    public void Made_vocabularies_give_its_pieces_and_ends(string name) => ComparePieces(MadeVocabularies.Make(name));

    [TestCase("wordpiece")]
    [TestCase("wordpiece-cased")]
    [TestCase("unigram-mapped")]
    [TestCase("gpt-4o")]
    [TestCase("deepseek-v3")]
    [TestCase("exaone-moe")]
    public void Every_code_point_is_taken_as_it_takes_it(string name)
    {
        TokenizerData data = MadeVocabularies.Names.Contains(name) ? MadeVocabularies.Make(name) : MadeVocabularies.ForPreTokenizer(name);
        using var reference = LlamaVocabulary.Load(TestHome.Directory("v0.5.0"), data);
        var tokenizer = Tokenizer.Create(data);
        int step = data.Model == "gpt2" ? 7 : 1;
        var text = new StringBuilder();
        for (int first = 0; first < 0x110000; first += 256 * step)
        {
            text.Clear();
            for (int c = first; c < first + (256 * step) && c < 0x110000; c += step)
                text.Append(CultureInfo.InvariantCulture, $" a{(Rune.IsValid(c) ? new Rune(c) : new Rune('x'))}b1");
            byte[] utf8 = Encoding.UTF8.GetBytes(text.ToString());
            int[] theirs = reference.Tokenize(utf8);
            if (!tokenizer.Encode(utf8).AsSpan().SequenceEqual(theirs))
                Assert.That(tokenizer.Encode(utf8), Is.EqualTo(theirs), $"from U+{first:X4}");
        }
    }

    // Where it does not tidy up spaces afterwards, and begins with no special token.
    [TestCase("llama-spm")]
    [TestCase("qwen2")]
    [TestCase("deepseek-coder")]
    [TestCase("rwkv")]
    [TestCase("unigram")]
    [TestCase("plamo2")]
    public void Ids_become_the_text_it_makes_of_them(string name)
    {
        TokenizerData data = MadeVocabularies.Names.Contains(name) ? MadeVocabularies.Make(name) : PublishedData(name);
        using var reference = LlamaVocabulary.Load(TestHome.Directory("v0.5.0"), data);
        var tokenizer = Tokenizer.Create(data);
        var random = new Random(17);
        int[] shown = [.. Enumerable.Range(0, tokenizer.VocabularySize).Where(id => tokenizer.TokenBytes(id).Length > 0 && tokenizer.TypeOf(id) == TokenType.Normal)];
        for (int i = 0; i < 500; i++)
        {
            int[] ids = [.. Enumerable.Range(0, random.Next(1, 20)).Select(_ => shown[random.Next(shown.Length)])];
            Assert.That(tokenizer.Decode(ids), Is.EqualTo(reference.Detokenize(ids)), string.Join(' ', ids));
        }
    }

    private static TokenizerData PublishedData(string name)
    {
        if (!VocabulariesAtHand.IsThere(name))
            SharedFolder.Require("vocab", $"ggml-vocab-{name}.gguf");
        try
        {
            return VocabulariesAtHand.Read(name);
        }
        catch (UnsupportedTokenizerException e)
        {
            Assert.Ignore($"GGUF has no words for it: {e.Message}");
            throw;
        }
    }

    private static void Compare(TokenizerData data, int tokens, int seed)
    {
        using var reference = LlamaVocabulary.Load(TestHome.Directory("v0.5.0"), data);
        var tokenizer = Tokenizer.Create(data);
        var random = new Random(seed);
        string[] special = [.. Enumerable.Range(0, tokenizer.VocabularySize)
            .Where(id => tokenizer.TypeOf(id) is TokenType.Control or TokenType.UserDefined).Take(200).Select(tokenizer.TokenText)];
        for (int seen = 0, i = 0; seen < tokens; i++)
        {
            byte[] text = i % 16 == 0 ? RandomText.NextBytes(random) : Encoding.UTF8.GetBytes(RandomText.Next(random, special, data));
            bool addSpecial = i % 5 == 0 && !text.AsSpan().StartsWith("<"u8);
            bool parseSpecial = i % 2 == 0;
            int[] theirs = reference.Tokenize(text, false, parseSpecial);
            int[] ours = tokenizer.Encode(text, parseSpecial);
            seen += theirs.Length + 1;
            if (!ours.AsSpan().SequenceEqual(theirs))
                Assert.That(ours, Is.EqualTo(theirs), $"{data.Model} {data.Pre} '{Encoding.UTF8.GetString(text)}' ({Convert.ToHexString(text)})");
            if (addSpecial)
                ComparePrompt(reference, tokenizer, text);
        }
    }

    private static void ComparePrompt(LlamaVocabulary reference, Tokenizer tokenizer, byte[] text)
    {
        // Ours never doubles BOS, and never EOS; where it would, they differ on purpose.
        int[] bare = tokenizer.Encode(text);
        int[] theirs = reference.Tokenize(text, addSpecial: true);
        if ((bare.Length == 0 || (bare[0] != tokenizer.BosId && bare[^1] != tokenizer.EosId && bare[^1] != tokenizer.SeparatorId))
            && !tokenizer.EncodePrompt(text, true, false).AsSpan().SequenceEqual(theirs))
        {
            Assert.That(tokenizer.EncodePrompt(text, true, false), Is.EqualTo(theirs), $"prompt '{Encoding.UTF8.GetString(text)}'");
        }
    }

    private static void ComparePieces(TokenizerData data)
    {
        using var reference = LlamaVocabulary.Load(TestHome.Directory("v0.5.0"), data);
        var tokenizer = Tokenizer.Create(data);
        Assert.That(tokenizer.VocabularySize, Is.EqualTo(reference.Size));
        var differing = new List<string>();
        for (int id = 0; id < tokenizer.VocabularySize; id++)
        {
            byte[] whole = reference.Piece(id, special: true);

            // It marks letters it cannot read back, or takes plain ones for byte letters; ours gives the text.
            bool unreadable = whole.AsSpan().IndexOf("[UNK_BYTE"u8) >= 0
                || (data.Pre == "whitespace" && data.Tokens[id].Span.ContainsAnyExceptInRange((byte)0, (byte)0x7F));
            if (!unreadable && !(whole.AsSpan().SequenceEqual(tokenizer.TokenBytes(id, true))
                && reference.Piece(id, special: false).AsSpan().SequenceEqual(tokenizer.TokenBytes(id))))
            {
                differing.Add($"{id} '{tokenizer.TokenText(id)}' {tokenizer.TypeOf(id)}");
            }

            if (reference.EndsGeneration(id) != tokenizer.EndOfGenerationIds.Contains(id))
                differing.Add($"{id} '{tokenizer.TokenText(id)}' ends generation: {reference.EndsGeneration(id)}");
        }

        Assert.That(differing, Is.Empty);
    }
}
