using System.Text.Json;
using Harness.Engine.Tests;
using Harness.Formats.Forging;
using Harness.Text.Templates;
using Harness.Workers.Builtin;
using Harness.Workers.Tests.Backends;
using Harness.Workers.Tests.LlamaCpp;
using NUnit.Framework;

namespace Harness.Workers.Tests.Builtin;

/// <summary>Conversations through models' own templates, on the built-in engine and by llama.cpp's C interface.</summary>
internal sealed class ChatSpecs
{
    private static readonly DateTimeOffset Now = new(2024, 7, 26, 12, 0, 0, TimeSpan.Zero);
    private string _directory = "";

    [OneTimeSetUp]
    public void CreateDirectory() => _directory = Directory.CreateTempSubdirectory("harness-chat-").FullName;

    [OneTimeTearDown]
    public void DeleteDirectory() => Directory.Delete(_directory, recursive: true);

    [Test]
    public void A_model_with_any_real_template_gets_the_prompt_Jinja2_makes()
    {
        using var expected = JsonDocument.Parse(File.ReadAllBytes(SharedFiles.Path("chat-templates/expected.json")));
        using BuiltinEngine engine = new();
        string path = Path.Combine(_directory, "real.gguf");
        Assert.Multiple(() =>
        {
            foreach (JsonProperty template in expected.RootElement.EnumerateObject())
            {
                ProbeForge.Write("llama", "Q8_0", 1, path, chat: new ForgedChat(File.ReadAllText(SharedFiles.Path($"chat-templates/{template.Name}"))));
                engine.Load(new LoadRequest(path, 32, "cpu", 1));
                string made;
                try
                {
                    made = engine.Chat([new("system", "You are terse."), new("user", "Name the capital of France.")], Now).Prompt;
                }
                catch (InferenceException e)
                {
                    made = e.Message;
                }

                JsonElement answer = template.Value.GetProperty("system+gen");
                if (answer.TryGetProperty("text", out JsonElement text)) Assert.That(made, Is.EqualTo(text.GetString()), template.Name);
                else Assert.That(made, Does.EndWith(answer.GetProperty("error").GetString()!.Replace("TemplateError: ", "", StringComparison.Ordinal)), template.Name);
            }
        });
    }

    [Test]
    public void A_prompt_that_brings_BOS_begins_with_it_once()
    {
        using BuiltinEngine engine = Load("{{ bos_token }}{{ messages[-1].content }}");
        ChatApplied chat = engine.Chat([new ChatMessage("user", "Hi")]);
        Assert.That(chat.Prompt, Is.EqualTo("<s>Hi"));
        Assert.That(chat.Ids[..1], Is.EqualTo(new[] { 1 }));
        Assert.That(chat.Ids[1], Is.Not.EqualTo(1));
        using BuiltinEngine bare = Load("{{ messages[-1].content }}");
        Assert.That(bare.Chat([new ChatMessage("user", "Hi")]).Ids, Is.EqualTo(chat.Ids), "where the template writes none, the tokenizer adds it");
    }

    [Test]
    public void A_template_that_refuses_is_quoted()
    {
        using BuiltinEngine engine = Load("\n{{ raise_exception('System role not supported') }}");
        Assert.That(() => engine.Chat([new ChatMessage("system", "S")]), Throws.TypeOf<InferenceException>().With.Message.EqualTo("the chat template, line 2: System role not supported"));
    }

    [Test]
    public void A_model_without_a_template_says_so()
    {
        using Harness.Engine.Tests.TinyModel tiny = new(new TinyShape(), seed: 7);
        using BuiltinEngine engine = new();
        engine.Load(new LoadRequest(tiny.Path, 16, "cpu", 1));
        Assert.That(() => engine.Chat([new ChatMessage("user", "Hi")]), Throws.TypeOf<InferenceException>().With.Message.Contains("no chat template"));
    }

    [Test]
    public void Llama_cpp_applies_a_template_of_its_own_or_says_that_it_knows_none()
    {
        string llamaCpp = TestHome.Directory("v0.5.0");
        string chatMl = Path.Combine(_directory, "chatml.gguf"), strange = Forge("{% for m in messages %}~{{ m.content }}~{% endfor %}");
        ProbeForge.Write("qwen2", "Q8_0", 1, chatMl);
        IReadOnlyList<JsonElement> answers = EngineProcess.Run(llamaCpp, "load", chatMl, "64", "cpu", "chat", "Be terse.", "Hé?", "load", strange, "64", "cpu", "chat", "a", "b");
        Assert.Multiple(() =>
        {
            Assert.That(answers[1].GetProperty("Prompt").GetString(), Is.EqualTo("<|im_start|>system\nBe terse.<|im_end|>\n<|im_start|>user\nHé?<|im_end|>\n<|im_start|>assistant\n"));
            Assert.That(answers[1].GetProperty("Ids").GetArrayLength(), Is.GreaterThan(4));
            Assert.That(answers[3].GetProperty("failure").GetString(), Is.EqualTo("Unsupported"));
            Assert.That(answers[3].GetProperty("message").GetString(), Does.Contain("knows no template like the file's"));
        });
    }

    private BuiltinEngine Load(string template)
    {
        BuiltinEngine engine = new();
        engine.Load(new LoadRequest(Forge(template), 32, "cpu", 1));
        return engine;
    }

    private string Forge(string template)
    {
        string path = Path.Combine(_directory, $"{Guid.NewGuid():N}.gguf");
        ProbeForge.Write("llama", "Q8_0", 1, path, chat: new ForgedChat(template));
        return path;
    }
}
