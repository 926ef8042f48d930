using System.Text;
using Harness.Text.Tests.HuggingFace;
using NUnit.Framework;

namespace Harness.Text.Tests;

/// <summary>A model directory's tokenizer becomes GGUF metadata with the same ids.</summary>
public sealed class TokenizerDirectorySpecs
{
    private string folder = string.Empty;

    [SetUp]
    public void Make() => folder = Directory.CreateTempSubdirectory("harness-tokenizer-").FullName;

    [TearDown]
    public void Remove() => Directory.Delete(folder, recursive: true);

    [Test]
    public void A_tokenizer_json_with_its_configuration_is_read()
    {
        Put("tokenizer.json", JsonFiles.Make("llama-3"));
        Put("tokenizer_config.json", """{"bos_token":"<|im_start|>","eos_token":{"content":"<|im_end|>"},"add_bos_token":true}""");
        TokenizerData data = TokenizerDirectory.Read(folder);
        Assert.That((data.Model, data.Pre, data.BosId, data.EosId, data.AddBos), Is.EqualTo(("gpt2", "llama-bpe", 477, 478, true)));
    }

    [Test]
    public void Pieces_come_from_tokenizer_model_and_added_tokens_from_beside_it()
    {
        TokenizerData original = SmallVocabulary.SentencePiece();
        int count = original.Tokens.Count;
        File.WriteAllBytes(Path.Combine(folder, "tokenizer.model"), SentencePieceModelSpecs.Write(original, kind: 2, mergesSpaces: false));
        Put("added_tokens.json", $$"""{"<|im_end|>":{{count + 2}}}""");
        Put("tokenizer_config.json", """{"bos_token":"<s>","eos_token":"<|im_end|>","add_bos_token":true,"add_eos_token":false}""");
        TokenizerData data = TokenizerDirectory.Read(folder);
        var tokenizer = Tokenizer.Create(data);
        Assert.Multiple(() =>
        {
            Assert.That(data.Tokens, Has.Count.EqualTo(count + 3));
            Assert.That(tokenizer.EosId, Is.EqualTo(count + 2));
            Assert.That(tokenizer.TypeOf(count), Is.EqualTo(TokenType.Unused));
            Assert.That(tokenizer.Encode("größer the"), Is.EqualTo(Tokenizer.Create(original).Encode("größer the")));
            Assert.That(tokenizer.Encode("<|im_end|>", parseSpecial: true), Is.EqualTo(new[] { count + 2 }));
        });
    }

    [Test]
    public void Places_without_tokens_are_filled_to_the_embedding()
    {
        TokenizerData data = SmallVocabulary.SentencePiece().PaddedTo(1000);
        var tokenizer = Tokenizer.Create(data);
        Assert.Multiple(() =>
        {
            Assert.That(tokenizer.VocabularySize, Is.EqualTo(1000));
            Assert.That(tokenizer.TypeOf(999), Is.EqualTo(TokenType.Unused));
            Assert.That(tokenizer.Encode("the"), Is.EqualTo(Tokenizer.Create(SmallVocabulary.SentencePiece()).Encode("the")));
        });
    }

    [Test]
    public void What_GGUF_cannot_say_of_a_tokenizer_model_is_refused()
    {
        File.WriteAllBytes(Path.Combine(folder, "tokenizer.model"), SentencePieceModelSpecs.Write(SmallVocabulary.SentencePiece(), kind: 2, mergesSpaces: true));
        Assert.That(
            () => TokenizerDirectory.Read(folder), Throws.InstanceOf<UnsupportedTokenizerException>().With.Message.Contains("remove_extra_whitespaces"));
    }

    [Test]
    public void A_directory_without_a_tokenizer_says_what_was_looked_for() =>
        Assert.That(() => TokenizerDirectory.Read(folder), Throws.InstanceOf<TokenizerException>().With.Message.Contains("tokenizer.json"));

    [Test]
    public void Any_file_with_a_tokenizer_is_recognised_by_what_it_holds()
    {
        Put("a.json", JsonFiles.Make("gpt-2"));
        File.WriteAllBytes(Path.Combine(folder, "b.bin"), SentencePieceModelSpecs.Write(SmallVocabulary.SentencePiece(), kind: 2, mergesSpaces: false));
        Assert.Multiple(() =>
        {
            Assert.That(TokenizerFile.Load(Path.Combine(folder, "a.json")), Is.InstanceOf<HuggingFaceTokenizer>());
            Assert.That(TokenizerFile.Load(Path.Combine(folder, "b.bin")), Is.InstanceOf<Tokenizer>());
            Assert.That(() => TokenizerFile.Load(folder), Throws.InstanceOf<TokenizerException>().With.Message.Contains("no tokenizer in"));
        });
    }

    private void Put(string name, string text) => File.WriteAllText(Path.Combine(folder, name), text, new UTF8Encoding(false));
}
