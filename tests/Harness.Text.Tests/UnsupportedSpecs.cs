using Harness.Formats.Gguf;
using NUnit.Framework;

namespace Harness.Text.Tests;

/// <summary>What is not known fails loudly and says what it was.</summary>
public sealed class UnsupportedSpecs
{
    [TestCase("qwen3", "qwen2")]
    [TestCase("lama-bpe", "llama-bpe")]
    [TestCase("deepseek-v4", "deepseek-v3")]
    public void An_unknown_pre_tokenizer_is_named_with_those_like_it(string pre, string near)
    {
        var error = Assert.Throws<UnsupportedTokenizerException>(() => Tokenizer.Create(SmallVocabulary.ByteLevel(pre)));
        Assert.Multiple(() =>
        {
            Assert.That(error!.Message, Does.Contain("tokenizer.ggml.pre").And.Contain($"'{pre}'"));
            Assert.That(error.Near, Does.Contain(near));
        });
    }

    [TestCase("bart")]
    [TestCase("t6")]
    [TestCase("")]
    public void An_unknown_kind_of_tokenizer_is_named(string model)
    {
        var error = Assert.Throws<UnsupportedTokenizerException>(
            () => Tokenizer.Create(SmallVocabulary.ByteLevel() with { Model = model }));
        Assert.That(error!.Message, Does.Contain("tokenizer.ggml.model").And.Contain($"'{model}'"));
    }

    [TestCase("none")]
    [TestCase("no_vocab")]
    public void A_model_without_a_vocabulary_says_so(string model)
    {
        var metadata = new GgufMetadata([new("tokenizer.ggml.model", GgufValue.Of(model))]);
        Assert.That(
            () => TokenizerData.FromGguf(metadata),
            Throws.InstanceOf<NoVocabularyException>().With.Message.Contains("no tokenizer").And.Message.Contains($"'{model}'"));
    }

    [Test]
    public void A_token_that_is_there_twice_is_named_with_both_ids()
    {
        TokenizerData data = SmallVocabulary.SentencePiece();
        data = data with { Tokens = [.. data.Tokens, data.Tokens[300]] };
        Assert.That(
            () => Tokenizer.Create(data),
            Throws.InstanceOf<TokenizerException>().With.Message.Contains("300").And.Message.Contains($"{data.Tokens.Count - 1}"));
    }

    [Test]
    public void Byte_level_BPE_without_merges_is_refused() =>
        Assert.That(
            () => Tokenizer.Create(SmallVocabulary.ByteLevel() with { Merges = [] }),
            Throws.InstanceOf<TokenizerException>().With.Message.Contains("tokenizer.ggml.merges"));

    [Test]
    public void A_begin_token_that_is_asked_for_but_absent_is_refused() =>
        Assert.That(
            () => Tokenizer.Create(SmallVocabulary.ByteLevel("glm4") with { BosId = null, AddBos = true }),
            Throws.InstanceOf<TokenizerException>().With.Message.Contains("bos_token_id"));
}
