using System.Text;
using Harness.Formats.Forging;
using Harness.Formats.Gguf;
using NUnit.Framework;

namespace Harness.Formats.Tests.Forging;

/// <summary>A probe carries any model's template with the tokens that belong to it.</summary>
public class ForgedChatTests
{
    [TestCase("llama")]
    [TestCase("qwen2")]
    [TestCase("gpt-oss")]
    public void Its_tokens_are_control_tokens_and_no_other_is_lost(string architecture)
    {
        using var folder = new TemporaryFolder();
        using GgufFile bare = Forge(folder, architecture, null);
        using GgufFile file = Forge(folder, architecture, new ForgedChat("{{ bos_token }}{{ messages }}")
        {
            ControlTokens = ["<start_of_turn>", "<end_of_turn>"],
            BosToken = "<bos>",
            EosToken = "<eos>",
        });
        string[] tokens = Tokens(file);
        int[] types = file.Metadata.TryGetArray("tokenizer.ggml.token_type", out ReadOnlyMemory<int> kinds) ? kinds.ToArray() : [];
        Assert.Multiple(() =>
        {
            Assert.That(tokens, Is.Unique.And.SupersetOf(Tokens(bare)));
            Assert.That(tokens, Has.Length.EqualTo(Tokens(bare).Length + 4).And.Length.EqualTo(types.Length));
            Assert.That(new[] { "<start_of_turn>", "<end_of_turn>", "<bos>", "<eos>" }.Select(t => types[Array.IndexOf(tokens, t)]), Has.All.EqualTo(3));
            Assert.That(file.Metadata.TryGetNumber("tokenizer.ggml.bos_token_id", out long bos) ? tokens[bos] : "", Is.EqualTo("<bos>"));
            Assert.That(file.Metadata.TryGetNumber("tokenizer.ggml.eos_token_id", out long eos) ? tokens[eos] : "", Is.EqualTo("<eos>"));
            Assert.That(file.Metadata.TryGetString("tokenizer.chat_template", out string? template) ? template : "", Is.EqualTo("{{ bos_token }}{{ messages }}"));
            Assert.That(file.Tensors.Single(t => t.Name == "token_embd.weight").Shape[1], Is.EqualTo(tokens.Length));
        });
    }

    [Test]
    public void A_probe_may_carry_no_template_at_all()
    {
        using var folder = new TemporaryFolder();
        using GgufFile file = Forge(folder, "gptneox", new ForgedChat(null));
        Assert.That(file.Metadata.TryGetString("tokenizer.chat_template", out _), Is.False);
    }

    private static string[] Tokens(GgufFile file)
    {
        GgufStringArray tokens = file.Metadata.GetStrings("tokenizer.ggml.tokens");
        return [.. Enumerable.Range(0, tokens.Count).Select(i => Encoding.UTF8.GetString(tokens[i]))];
    }

    private static GgufFile Forge(TemporaryFolder folder, string architecture, ForgedChat? chat)
    {
        string path = folder.Of($"{Guid.NewGuid():n}.gguf");
        ProbeForge.Write(architecture, "Q8_0", seed: 1, path, chat: chat);
        return GgufFile.Open(path);
    }
}
