using System.Text;
using NUnit.Framework;

namespace Harness.Text.Tests;

/// <summary>Special tokens are found where they should be, and only there.</summary>
public sealed class SpecialTokenSpecs
{
    [Test]
    public void Text_of_a_control_token_stays_text_unless_asked()
    {
        var tokenizer = Tokenizer.Create(SmallVocabulary.ByteLevel());
        int start = IdOf(tokenizer, "<|im_start|>");
        Assert.Multiple(() =>
        {
            Assert.That(tokenizer.Encode("a<|im_start|>b"), Does.Not.Contain(start));
            Assert.That(tokenizer.Encode("a<|im_start|>b", parseSpecial: true), Does.Contain(start));
        });
    }

    [Test]
    public void User_defined_tokens_are_always_found_and_the_longest_wins()
    {
        var tokenizer = Tokenizer.Create(SmallVocabulary.ByteLevel());
        Assert.That(
            tokenizer.Encode("<tool>x<tool>"),
            Is.EqualTo(new[] { IdOf(tokenizer, "<tool>x"), IdOf(tokenizer, "<tool>") }));
    }

    [Test]
    public void A_longer_token_takes_its_text_before_a_shorter_one_that_begins_earlier()
    {
        var tokenizer = Tokenizer.Create(With(SmallVocabulary.ByteLevel(), ("abc", 4), ("cdefg", 4)));
        Assert.That(tokenizer.Encode("abcdefg"), Is.EqualTo(new[] { IdOf(tokenizer, "a"), IdOf(tokenizer, "b"), IdOf(tokenizer, "cdefg") }));
    }

    [Test]
    public void SentencePiece_text_after_a_special_token_gets_its_space_again()
    {
        var tokenizer = Tokenizer.Create(SmallVocabulary.SentencePiece());
        int[] ids = tokenizer.Encode("the<|user|>the", parseSpecial: true);
        Assert.That(ids, Is.EqualTo(new[] { ids[0], IdOf(tokenizer, "<|user|>"), ids[0] }));
    }

    [Test]
    public void Phi_3_tokens_take_white_space_behind_them_along()
    {
        TokenizerData data = SmallVocabulary.SentencePiece() with { ModelName = "Phi3 mini" };
        var tokenizer = Tokenizer.Create(data);
        Assert.That(tokenizer.Encode("<|user|> \n the", parseSpecial: true), Is.EqualTo(tokenizer.Encode("<|user|>the", parseSpecial: true)));
    }

    [Test]
    public void A_prompt_gets_one_begin_token_however_it_is_written()
    {
        var tokenizer = Tokenizer.Create(SmallVocabulary.SentencePiece());
        int[] plain = tokenizer.EncodePrompt("the");
        Assert.Multiple(() =>
        {
            Assert.That(plain[0], Is.EqualTo(1));
            Assert.That(tokenizer.EncodePrompt("<s>the"), Is.EqualTo(plain));
            Assert.That(tokenizer.EncodePrompt("the", addSpecial: false), Is.EqualTo(plain[1..]));
            Assert.That(tokenizer.EncodePrompt(""), Is.EqualTo(new[] { 1 }));
        });
    }

    [Test]
    public void A_prompt_gets_an_end_token_where_the_model_asks_for_one()
    {
        var tokenizer = Tokenizer.Create(SmallVocabulary.SentencePiece() with { AddEos = true });
        Assert.Multiple(() =>
        {
            Assert.That(tokenizer.EncodePrompt("the")[^1], Is.EqualTo(2));
            Assert.That(tokenizer.EncodePrompt("the</s>"), Is.EqualTo(tokenizer.EncodePrompt("the")));
        });
    }

    [Test]
    public void What_the_metadata_says_of_begin_tokens_goes_before_what_the_name_says()
    {
        Assert.Multiple(() =>
        {
            Assert.That(Tokenizer.Create(SmallVocabulary.ByteLevel("llama-bpe")).AddsBos, Is.True);
            Assert.That(Tokenizer.Create(SmallVocabulary.ByteLevel("llama-bpe") with { AddBos = false }).AddsBos, Is.False);
            Assert.That(Tokenizer.Create(SmallVocabulary.ByteLevel("qwen2")).AddsBos, Is.False);
            Assert.That(Tokenizer.Create(SmallVocabulary.SentencePiece()).AddsBos, Is.True);
        });
    }

    [Test]
    public void Generation_ends_at_well_known_texts_even_when_their_type_is_wrong()
    {
        var tokenizer = Tokenizer.Create(With(SmallVocabulary.ByteLevel(), ("<|eot_id|>", 1), ("<|file_sep|>", 4)));
        Assert.Multiple(() =>
        {
            Assert.That(
                tokenizer.EndOfGenerationIds,
                Is.EquivalentTo(new[] { "<|endoftext|>", "<|im_end|>", "<|eot_id|>", "<|file_sep|>" }.Select(t => IdOf(tokenizer, t))));
            Assert.That(tokenizer.TypeOf(IdOf(tokenizer, "<|eot_id|>")), Is.EqualTo(TokenType.Control));
        });
    }

    [Test]
    public void End_of_a_channel_does_not_end_a_harmony_answer()
    {
        var tokenizer = Tokenizer.Create(With(SmallVocabulary.ByteLevel(), ("<|return|>", 3), ("<|call|>", 3), ("<|end|>", 3)));
        Assert.Multiple(() =>
        {
            Assert.That(tokenizer.EndOfGenerationIds, Does.Contain(IdOf(tokenizer, "<|return|>")));
            Assert.That(tokenizer.EndOfGenerationIds, Does.Not.Contain(IdOf(tokenizer, "<|end|>")));
        });
    }

    [Test]
    public void Control_tokens_give_no_text_unless_asked()
    {
        var tokenizer = Tokenizer.Create(SmallVocabulary.ByteLevel());
        int[] ids = tokenizer.Encode("the<|im_end|>", parseSpecial: true);
        Assert.Multiple(() =>
        {
            Assert.That(Encoding.UTF8.GetString(tokenizer.Decode(ids)), Is.EqualTo("the"));
            Assert.That(Encoding.UTF8.GetString(tokenizer.Decode(ids, special: true)), Is.EqualTo("the<|im_end|>"));
        });
    }

    private static TokenizerData With(TokenizerData data, params (string Text, int Type)[] added) => data with
    {
        Tokens = [.. data.Tokens, .. SmallVocabulary.Bytes(added.Select(a => a.Text))],
        Types = (int[])[.. data.Types.Span, .. added.Select(a => a.Type)],
    };

    private static int IdOf(Tokenizer tokenizer, string text) =>
        Enumerable.Range(0, tokenizer.VocabularySize).Single(id => tokenizer.TokenText(id) == text);
}
