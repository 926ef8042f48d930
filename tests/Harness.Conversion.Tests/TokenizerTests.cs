using System.Text.Json.Nodes;
using Harness.Conversion.Tests.HfModels;
using Harness.Formats.Forging;
using Harness.Formats.Gguf;
using Harness.Text;
using NUnit.Framework;

namespace Harness.Conversion.Tests;

/// <summary>The tokenizer that a converted model has is the one its directory says.</summary>
public class TokenizerTests
{
    private string directory = "";

    [SetUp]
    public void Create() => directory = Directory.CreateTempSubdirectory("harness-conversion-").FullName;

    [TearDown]
    public void Delete() => Directory.Delete(directory, recursive: true);

    /// <summary>Vocabularies that llama.cpp's own converter wrote, laid out as directories, are written the same again.</summary>
    [TestCase("llama-bpe")]
    [TestCase("qwen2")]
    [TestCase("gpt-2")]
    [TestCase("starcoder")]
    [TestCase("deepseek-coder")]
    [TestCase("llama-spm")]
    public void ARealVocabularyIsWrittenAsLlamaCppWritesIt(string name)
    {
        string path = Path.Combine(TestContext.CurrentContext.TestDirectory, "../../../../../../shared/vocab", $"ggml-vocab-{name}.gguf");
        for (string? up = TestContext.CurrentContext.TestDirectory; up is not null && !File.Exists(path); up = Path.GetDirectoryName(up))
            path = Path.Combine(up, "shared", "vocab", $"ggml-vocab-{name}.gguf");
        if (!File.Exists(path))
            Assert.Ignore($"shared/vocab/ggml-vocab-{name}.gguf is not there");
        using GgufFile vocabulary = GgufFile.Open(path);
        string model = Model("llama", vocabulary.Metadata);
        using GgufFile converted = Convert(model);
        using (Assert.EnterMultipleScope())
        {
            // That file is older than the rule that what looks special is special.
            string[] older = name == "deepseek-coder" ? ["tokenizer.ggml.token_type", "tokenizer.ggml.add_eos_token"] : [];
            SameTokenizers.Compare(vocabulary.Metadata, converted.Metadata, older);
        }
    }

    [Test]
    public void APlainSentencePieceTokenizerJsonMergesAsItsMergesSay()
    {
        string model = Model("llama", null);
        File.Delete(Path.Combine(model, "tokenizer_config.json"));
        var vocabulary = new JsonObject();
        string[] pieces = ["<unk>", "<s>", "</s>", "▁", "a", "b", "c", "bc", "ab", "abc", "▁a"];
        for (int i = 0; i < pieces.Length; i++)
            vocabulary[pieces[i]] = i;
        File.WriteAllText(Path.Combine(model, "tokenizer.json"), new JsonObject
        {
            ["added_tokens"] = new JsonArray(Added(0, "<unk>"), Added(1, "<s>"), Added(2, "</s>")),
            ["normalizer"] = new JsonObject
            {
                ["type"] = "Sequence",
                ["normalizers"] = new JsonArray(
                    new JsonObject { ["type"] = "Prepend", ["prepend"] = "▁" },
                    new JsonObject { ["type"] = "Replace", ["pattern"] = new JsonObject { ["String"] = " " }, ["content"] = "▁" }),
            },
            ["model"] = new JsonObject { ["type"] = "BPE", ["byte_fallback"] = true, ["vocab"] = vocabulary, ["merges"] = new JsonArray("b c", "a b", "a bc") },
        }.ToJsonString());
        using GgufFile converted = Convert(model);
        Tokenizer tokenizer = Tokenizer.Create(TokenizerData.FromGguf(converted.Metadata));

        // 'b c' goes before 'a b', which then finds no 'b' any more.
        Assert.That(tokenizer.Encode("abc"), Is.EqualTo(new[] { 3, 9 }));
        Assert.That(converted.Metadata.GetStrings("tokenizer.ggml.tokens").Count, Is.EqualTo(converted.Metadata.GetNumber<int>("llama.vocab_size")), "padded to the model's tokens");

        static JsonObject Added(int id, string text) => new() { ["id"] = id, ["content"] = text, ["special"] = true };
    }

    /// <summary>Whatever the text, a converted model cuts it as the directory's own tokenizer does.</summary>
    [TestCase("qwen2")]
    [TestCase("gpt2")]
    public void AConvertedModelTokenizesAsItsDirectory(string architecture)
    {
        string model = Model(architecture, null);
        using GgufFile converted = Convert(model);
        Tokenizer ours = Tokenizer.Create(TokenizerData.FromGguf(converted.Metadata));
        ITextTokenizer theirs = TokenizerFile.Load(Path.Combine(model, "tokenizer.json"));
        foreach (string text in (string[])["Hello world", "It's 12345 o'clock\n\n  and  the capital of 中文 is é\t!", "<|im_start|>user", "I'LL we've"])
        {
            var expected = new List<int>();
            theirs.Encode(System.Text.Encoding.UTF8.GetBytes(text), parseSpecial: false, expected);
            Assert.That(ours.Encode(text), Is.EqualTo(expected), text);
        }
    }

    [Test]
    public void ATokenizerWithUnknownRulesIsRefusedWithTheRules()
    {
        string model = Model("qwen2", null), path = Path.Combine(model, "tokenizer.json");
        File.WriteAllText(path, File.ReadAllText(path).Replace(@"\\p{N}|", @"\\p{N}{1,7}|", StringComparison.Ordinal));
        ConversionException exception = Assert.Throws<ConversionException>(() => Convert(model))!;
        Assert.That(exception.What, Does.Contain(@"\p{N}{1,7}"));
        Assert.That(exception.Unsupported, "it is no fault of the model");
    }

    [Test]
    public void ADirectoryWithoutTokenizerIsRefusedUnlessThatIsWanted()
    {
        string model = Model("qwen2", null);
        File.Delete(Path.Combine(model, "tokenizer.json"));
        Assert.That(() => Convert(model), Throws.TypeOf<ConversionException>().With.Message.Contains("there is no tokenizer"));
        ModelConverter.Convert(model, Path.Combine(directory, "ids.gguf"), new ConversionOptions { WithoutTokenizer = true });
        using GgufFile ids = GgufFile.Open(Path.Combine(directory, "ids.gguf"));
        Assert.That(ids.Metadata.GetString("tokenizer.ggml.model"), Is.EqualTo("no_vocab"));
    }

    [TestCase("""{"model":{"type":"Nobody"}}""", "Nobody")]
    [TestCase("""{"model":{"type":"BPE","vocab":[],"merges":[]}}""", "vocab")]
    [TestCase("""{"model":{"type":"BPE","vocab":{"a":0},"merges":[]}}""", "without byte fallback")]
    [TestCase("""{"model":""", "JSON")]
    public void ABrokenTokenizerJsonIsRefused(string json, string what)
    {
        string model = Model("qwen2", null);
        File.WriteAllText(Path.Combine(model, "tokenizer.json"), json);
        Assert.That(() => Convert(model), Throws.TypeOf<ConversionException>().With.Message.Contains(what).And.Message.Contains("tokenizer.json"));
    }

    [Test]
    public void ATokenizerOfAnotherModelIsRefused()
    {
        string model = Model("qwen2", null), path = Path.Combine(model, "tokenizer.json");
        JsonNode json = JsonNode.Parse(File.ReadAllText(path))!;
        json["added_tokens"]!.AsArray().Add(new JsonObject { ["id"] = 200_000, ["content"] = "<far>", ["special"] = true });
        File.WriteAllText(path, json.ToJsonString());
        Assert.That(() => Convert(model), Throws.TypeOf<ConversionException>().With.Message.Contains("200001 tokens, but the model"));
    }

    [Test]
    public void ABrokenTokenizerModelIsRefusedHoweverItIsBroken()
    {
        string model = Model("gemma", null), path = Path.Combine(model, "tokenizer.model");
        byte[] whole = File.ReadAllBytes(path);
        var random = new Random(5);
        for (int i = 0; i < 40; i++)
        {
            byte[] broken = [.. whole[..random.Next(whole.Length)]];
            for (int change = random.Next(4); change > 0 && broken.Length > 0; change--)
                broken[random.Next(broken.Length)] = (byte)random.Next(256);
            File.WriteAllBytes(path, broken);
            try
            {
                Convert(model).Dispose();
            }
            catch (ConversionException)
            {
                // Refused, as it may be.
            }
        }
    }

    [Test]
    public void TemplatesInFilesOfTheirOwnAreAllTaken()
    {
        string model = Model("llama", null), settings = Path.Combine(model, "tokenizer_config.json");
        JsonObject json = JsonNode.Parse(File.ReadAllText(settings))!.AsObject();
        json.Remove("chat_template");
        File.WriteAllText(settings, json.ToJsonString());
        File.WriteAllText(Path.Combine(model, "chat_template.jinja"), "plain");
        Directory.CreateDirectory(Path.Combine(model, "additional_chat_templates"));
        File.WriteAllText(Path.Combine(model, "additional_chat_templates", "tool_use.jinja"), "with tools");
        using GgufFile converted = Convert(model);
        Assert.That(converted.Metadata.GetString("tokenizer.chat_template"), Is.EqualTo("plain"));
        Assert.That(converted.Metadata.GetString("tokenizer.chat_template.tool_use"), Is.EqualTo("with tools"));
        Assert.That(converted.Metadata.GetStrings("tokenizer.chat_templates").AsStrings(), Is.EqualTo(new[] { "tool_use" }));
    }

    private static GgufFile Convert(string model)
    {
        ModelConverter.Convert(model, model + ".gguf", new ConversionOptions());
        return GgufFile.Open(model + ".gguf");
    }

    /// <summary>A directory of a probe's weights; with another vocabulary, of an embedding as long as that.</summary>
    private string Model(string architecture, GgufMetadata? vocabulary)
    {
        string probe = Path.Combine(directory, "probe.gguf"), model = Path.Combine(directory, "model");
        ProbeForge.Write(architecture, "F32", 1, probe, HfFamilies.All[architecture].Variant);
        HfFamilies.Save(probe, model);
        if (vocabulary is null)
            return model;

        // Nothing but the embedding depends on the number of tokens: a model of no layers is enough.
        foreach (string file in Directory.EnumerateFiles(model, "tokenizer*"))
            File.Delete(file);
        HfTokenizer.Save(vocabulary, model);
        int count = vocabulary.GetStrings("tokenizer.ggml.tokens").Count;
        File.WriteAllText(Path.Combine(model, "config.json"), $$"""
            {
              "architectures": ["LlamaForCausalLM"], "hidden_size": 2, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 2,
              "vocab_size": {{count}}, "tie_word_embeddings": true, "rms_norm_eps": 1e-5, "max_position_embeddings": 64
            }
            """);
        var writer = new Formats.Safetensors.SafetensorsWriter();
        void Add(string name, params long[] shape) => writer.Add(name, Formats.Safetensors.SafetensorsType.F32, shape, (_, bytes) => bytes.Clear());
        Add("model.embed_tokens.weight", count, 2);
        Add("model.norm.weight", 2);
        foreach (string norm in (string[])["input_layernorm", "post_attention_layernorm"])
            Add($"model.layers.0.{norm}.weight", 2);
        foreach (string matrix in (string[])["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"])
            Add($"model.layers.0.{matrix}.weight", 2, 2);
        writer.Save(Path.Combine(model, "model.safetensors"));
        return model;
    }
}
