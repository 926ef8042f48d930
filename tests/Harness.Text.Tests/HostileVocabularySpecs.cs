using System.Text;
using NUnit.Framework;

namespace Harness.Text.Tests;

/// <summary>A vocabulary that contradicts itself gets a clear error, or works; it never hangs, and gives no id it has not.</summary>
public sealed class HostileVocabularySpecs
{
    private static IEnumerable<string> Kinds => MadeVocabularies.Names;

    [Test]
    public void Damaged_vocabularies_are_refused_or_work([ValueSource(nameof(Kinds))] string name)
    {
        TokenizerData whole = MadeVocabularies.Make(name);
        var random = new Random(71);
        for (int i = 0; i < 25; i++)
        {
            TokenizerData data = Damage(whole, random);
            try
            {
                var tokenizer = Tokenizer.Create(data);
                for (int n = 0; n < 5; n++)
                {
                    foreach (int id in tokenizer.Encode(RandomText.NextBytes(random), parseSpecial: n % 2 == 0))
                        Assert.That(id, Is.InRange(0, tokenizer.VocabularySize - 1));
                }

                tokenizer.EncodePrompt("the", addSpecial: true);
                for (int id = 0; id < tokenizer.VocabularySize; id += 37)
                    tokenizer.TokenBytes(id, special: true);
            }
            catch (TokenizerException e)
            {
                Assert.That(e.Message, Is.Not.Empty);
            }
        }
    }

    [TestCase(0, "no length")]
    [TestCase(3, "no length")]
    [TestCase(8, "bytes of units")]
    [TestCase(-1, "no end")]
    public void A_character_map_cut_short_is_refused(int length, string why)
    {
        TokenizerData data = MadeVocabularies.Make("unigram-mapped");
        byte[] map = data.PrecompiledCharacterMap.ToArray();
        byte[] cut = length == 0 ? [1] : length < 0 ? map[..^1] : map[..length];
        Assert.That(
            () => Tokenizer.Create(data with { PrecompiledCharacterMap = cut }),
            Throws.InstanceOf<TokenizerException>().With.Message.Contains("precompiled_charsmap").And.Message.Contains(why));
    }

    [Test]
    public void A_prompt_that_brings_its_own_begin_token_is_noticed()
    {
        var tokenizer = Tokenizer.Create(SmallVocabulary.SentencePiece());
        var without = Tokenizer.Create(SmallVocabulary.ByteLevel("qwen2"));
        Assert.Multiple(() =>
        {
            Assert.That(tokenizer.DoublesBos("<s>the"u8), Is.True);
            Assert.That(tokenizer.DoublesBos("the<s>"u8), Is.False);
            Assert.That(tokenizer.DoublesBos(""u8), Is.False);
            Assert.That(without.DoublesBos("<|endoftext|>the"u8), Is.False, "none is added");
        });
    }

    [Test]
    public void Many_special_tokens_in_a_long_text_take_no_more_than_a_moment()
    {
        // A pass over all fragments for each of them would be thousands of millions of steps.
        TokenizerData data = SmallVocabulary.ByteLevel();
        string[] added = [.. Enumerable.Range(0, 2000).Select(i => $"<x{i}>")];
        data = data with
        {
            Tokens = [.. data.Tokens, .. SmallVocabulary.Bytes(added)],
            Types = (int[])[.. data.Types.Span, .. Enumerable.Repeat(4, added.Length)],
        };
        var tokenizer = Tokenizer.Create(data);
        string text = string.Concat(Enumerable.Range(0, 60_000).Select(i => added[i % added.Length] + "a"));
        Assert.That(tokenizer.Encode(text), Has.Length.EqualTo(120_000));
    }

    private static TokenizerData Damage(TokenizerData data, Random random)
    {
        ReadOnlyMemory<byte>[] tokens = [.. data.Tokens];
        float[] scores = data.Scores.ToArray();
        int[] types = data.Types.ToArray();
        ReadOnlyMemory<byte>[] merges = [.. data.Merges];
        for (int n = random.Next(1, 30); n > 0; n--)
        {
            int at = random.Next(tokens.Length);
            switch (random.Next(7))
            {
                case 0:
                    tokens[at] = Array.Empty<byte>();
                    break;
                case 1:
                    tokens[at] = RandomText.NextBytes(random);
                    break;
                case 2 when scores.Length > 0:
                    scores[at] = ((float[])[float.NaN, float.PositiveInfinity, float.NegativeInfinity, 1e38f, -0f, 1000])[random.Next(6)];
                    break;
                case 3:
                    types[at] = random.Next(-3, 12);
                    break;
                case 4 when merges.Length > 0:
                    merges[random.Next(merges.Length)] = Encoding.UTF8.GetBytes(((string[])["", " ", "a", "a  b", "a a", "Ġ Ġ", "\u0001 ￿"])[random.Next(7)]);
                    break;
                case 5 when merges.Length > 0:
                    merges[random.Next(merges.Length)] = merges[random.Next(merges.Length)];
                    break;
                case 6:
                    tokens[at] = new byte[] { (byte)random.Next(256), (byte)random.Next(256), 0 };
                    break;
            }
        }

        int? Id() => random.Next(3) == 0 ? random.Next(-5, 1 << 30) : null;
        byte[] map = data.PrecompiledCharacterMap.ToArray();
        for (int n = random.Next(3); n > 0 && map.Length > 0; n--)
            map[random.Next(map.Length)] = (byte)random.Next(256);
        return data with
        {
            Tokens = tokens,
            Scores = scores,
            Types = types,
            Merges = merges,
            BosId = Id() ?? data.BosId,
            EosId = Id() ?? data.EosId,
            UnkId = Id() ?? data.UnkId,
            EotId = Id(),
            FimPadId = Id(),
            SepId = Id() ?? data.SepId,
            PrecompiledCharacterMap = map,
        };
    }
}
