using Harness.Formats.Gguf;
using NUnit.Framework;

namespace Harness.Text.Tests;

/// <summary>Published vocabularies give the ids that llama.cpp gives.</summary>
public sealed class SharedVocabularySpecs
{
    private const string Separator = "\n__ggml_vocab_test__\n";

    private static IEnumerable<string> Published => VocabulariesAtHand.WithCases;

    [TestCaseSource(nameof(Published))]
    public void Every_published_case_gives_the_expected_ids(string name)
    {
        string path = VocabulariesAtHand.IsThere(name) ? VocabulariesAtHand.PathOf(name) : SharedFolder.Require("vocab", $"ggml-vocab-{name}.gguf");
        Tokenizer tokenizer = Load(path);
        string[] texts = File.ReadAllText(path + ".inp").Split(Separator);
        string[] expected = File.ReadAllText(path + ".out").Split('\n');
        Assert.That(texts, Has.Length.GreaterThan(40));
        Assert.Multiple(() =>
        {
            for (int i = 0; i < texts.Length; i++)
                Assert.That(string.Join(' ', tokenizer.Encode(texts[i])), Is.EqualTo(expected[i].Trim()), $"case {i}: '{texts[i]}'");
        });
    }

    [TestCase("baichuan", 1, 2, true)]
    [TestCase("deepseek-coder", 32013, 32014, true)]
    [TestCase("gpt-2", 50256, 50256, false)]
    [TestCase("llama-bpe", 128000, 128001, true)]
    [TestCase("llama-spm", 1, 2, true)]
    [TestCase("mpt", 0, 0, false)]
    [TestCase("phi-3", 1, 32000, true)]
    [TestCase("qwen2", 151643, 151643, false)]
    [TestCase("starcoder", 0, 0, false)]
    public void Begin_and_end_are_those_the_model_means(string name, int bos, int eos, bool addsBos)
    {
        Tokenizer tokenizer = Load(SharedFolder.Require("vocab", $"ggml-vocab-{name}.gguf"));
        Assert.Multiple(() =>
        {
            Assert.That(tokenizer.BosId, Is.EqualTo(bos));
            Assert.That(tokenizer.EosId, Is.EqualTo(eos));
            Assert.That(tokenizer.AddsBos, Is.EqualTo(addsBos));
            Assert.That(tokenizer.AddsEos, Is.False);
            Assert.That(tokenizer.EncodePrompt("x")[0] == bos, Is.EqualTo(addsBos));
        });
    }

    [TestCase("llama-bpe", new[] { 128001, 128009 })]
    [TestCase("llama-spm", new[] { 2 })]
    [TestCase("phi-3", new[] { 2, 32000, 32007 })]
    [TestCase("qwen2", new[] { 128247, 151643, 151645 })]
    [TestCase("starcoder", new[] { 0, 4 })]
    public void Generation_ends_at_every_token_that_ends_it(string name, int[] ends)
    {
        Tokenizer tokenizer = Load(SharedFolder.Require("vocab", $"ggml-vocab-{name}.gguf"));
        Assert.That(tokenizer.EndOfGenerationIds, Is.EquivalentTo(ends));
    }

    [TestCase("phi-3", "<|user|>\n  hi<|end|>\n<|assistant|>", new[] { 32010, 7251, 32007, 32001 })]
    [TestCase("llama-bpe", "<|start_header_id|>user<|end_header_id|>\n\nhi<|eot_id|>", new[] { 128006, 882, 128007, 271, 6151, 128009 })]
    [TestCase("qwen2", "<|im_start|>user\nhi<|im_end|>\n", new[] { 151644, 872, 198, 6023, 151645, 198 })]
    public void Chat_prompts_become_control_tokens_when_asked(string name, string prompt, int[] ids)
    {
        Tokenizer tokenizer = Load(SharedFolder.Require("vocab", $"ggml-vocab-{name}.gguf"));
        Assert.Multiple(() =>
        {
            Assert.That(tokenizer.Encode(prompt, parseSpecial: true), Is.EqualTo(ids));
            Assert.That(tokenizer.Encode(prompt), Has.Length.GreaterThan(ids.Length));
        });
    }

    [TestCase("gpt-2")]
    [TestCase("llama-spm")]
    public void A_megabyte_of_one_letter_takes_no_more_than_a_moment(string name)
    {
        Tokenizer tokenizer = Load(SharedFolder.Require("vocab", $"ggml-vocab-{name}.gguf"));
        var watch = System.Diagnostics.Stopwatch.StartNew();
        int[] ids = tokenizer.Encode(new string('a', 1 << 20));
        Assert.Multiple(() =>
        {
            Assert.That(ids, Has.Length.GreaterThan(1000));
            Assert.That(watch.Elapsed, Is.LessThan(TimeSpan.FromSeconds(10)), "an hour if it were quadratic");
        });
    }

    private static Tokenizer Load(string path)
    {
        using var file = GgufFile.Open(path);
        return Tokenizer.Create(TokenizerData.FromGguf(file.Metadata));
    }
}
