using System.Text;
using NUnit.Framework;

namespace Harness.Text.Tests;

/// <summary>Streams of tokens become text that is never torn.</summary>
public sealed class DetokenizerSpecs
{
    [Test]
    public void No_part_ever_holds_half_a_code_point([Values("gpt-2", "llama")] string kind)
    {
        var tokenizer = Tokenizer.Create(kind == "llama" ? SmallVocabulary.SentencePiece() : SmallVocabulary.ByteLevel(kind));
        var random = new Random(5);
        for (int i = 0; i < 500; i++)
        {
            string text = RandomText.Next(random).Replace('\uFFFD', '?').Replace('▁', '_').Replace("<tool>", "tool", StringComparison.Ordinal);
            Detokenizer detokenizer = tokenizer.CreateDetokenizer(atStart: true);
            var parts = tokenizer.Encode(text).Select(detokenizer.Add).Append(detokenizer.Flush()).ToList();
            Assert.That(parts, Has.None.Contains("\uFFFD"));
            Assert.That(string.Concat(parts), Is.EqualTo(text));
        }
    }

    [Test]
    public void However_bytes_are_cut_the_text_is_that_of_all_together()
    {
        var tokenizer = Tokenizer.Create(SmallVocabulary.ByteLevel());
        var random = new Random(6);
        for (int i = 0; i < 3000; i++)
        {
            byte[] bytes = RandomText.NextBytes(random);
            Detokenizer detokenizer = tokenizer.CreateDetokenizer();
            var text = new StringBuilder();
            for (int at = 0; at < bytes.Length;)
            {
                int next = Math.Min(bytes.Length, at + random.Next(1, 5));
                text.Append(detokenizer.Add(bytes.AsSpan(at, next - at)));
                at = next;
            }

            text.Append(detokenizer.Flush());
            Assert.That(text.ToString(), Is.EqualTo(Encoding.UTF8.GetString(bytes)));
        }
    }

    [Test]
    public void An_emoji_of_single_bytes_appears_whole_with_its_last_byte()
    {
        var tokenizer = Tokenizer.Create(SmallVocabulary.ByteLevel());
        Detokenizer detokenizer = tokenizer.CreateDetokenizer();
        byte[] emoji = Encoding.UTF8.GetBytes("😁");
        Assert.That(emoji.Select(b => detokenizer.Add([b])), Is.EqualTo(new[] { "", "", "", "😁" }));
    }

    [Test]
    public void What_is_left_incomplete_ends_as_one_replacement_character()
    {
        Detokenizer detokenizer = Tokenizer.Create(SmallVocabulary.ByteLevel()).CreateDetokenizer();
        Assert.Multiple(() =>
        {
            Assert.That(detokenizer.Add([0x61, 0xF0, 0x9F, 0x98]), Is.EqualTo("a"));
            Assert.That(detokenizer.Flush(), Is.EqualTo("\uFFFD"));
            Assert.That(detokenizer.Flush(), Is.Empty);
        });
    }

    [Test]
    public void The_space_SentencePiece_puts_in_front_is_taken_away_only_at_the_start()
    {
        var tokenizer = Tokenizer.Create(SmallVocabulary.SentencePiece());
        int[] ids = tokenizer.Encode("the the");
        Detokenizer start = tokenizer.CreateDetokenizer(atStart: true);
        Detokenizer going = tokenizer.CreateDetokenizer();
        Assert.Multiple(() =>
        {
            Assert.That(string.Concat(ids.Select(start.Add)), Is.EqualTo("the the"));
            Assert.That(string.Concat(ids.Select(going.Add)), Is.EqualTo(" the the"));
        });
    }

    [Test]
    public void An_id_outside_the_vocabulary_is_refused_with_its_bounds()
    {
        var tokenizer = Tokenizer.Create(SmallVocabulary.ByteLevel());
        Assert.That(
            () => tokenizer.TokenBytes(tokenizer.VocabularySize),
            Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains($"0 to {tokenizer.VocabularySize - 1}"));
    }
}
