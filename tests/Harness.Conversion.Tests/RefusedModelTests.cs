using System.Text.Json.Nodes;
using Harness.Conversion.Tests.HfModels;
using Harness.Formats.Forging;
using NUnit.Framework;

namespace Harness.Conversion.Tests;

/// <summary>What cannot be converted is refused with the reason, before anything is written; nothing is converted into another model.</summary>
public class RefusedModelTests
{
    private string directory = "";

    [SetUp]
    public void Create() => directory = Directory.CreateTempSubdirectory("harness-refused-").FullName;

    [TearDown]
    public void Delete() => Directory.Delete(directory, recursive: true);

    // Engines know these choices by the architecture's name alone: they would load the model and compute something else.
    [TestCase("llama", "hidden_act", "\"gelu\"")]
    [TestCase("qwen3moe", "norm_topk_prob", "false")]
    [TestCase("qwen2moe", "norm_topk_prob", "true")]
    [TestCase("qwen3moe", "mlp_only_layers", "[0, 1]")]
    [TestCase("gemma3", "sliding_window_pattern", "4")]
    [TestCase("gemma3", "layer_types", """["sliding_attention", "full_attention"]""")]
    [TestCase("gemma2", "query_pre_attn_scalar", "100")]
    [TestCase("gptneox", "hidden_act", "\"relu\"")]
    public void AChoiceThatTheArchitectureDoesNotHave(string architecture, string field, string value)
    {
        string model = Model(architecture, config => config[field] = JsonNode.Parse(value));
        ConversionException refused = Refused(model);
        Assert.That(refused.Message, Does.Contain(field).And.Contain(architecture));
        Assert.That(refused.Unsupported, Is.True);
    }

    [TestCase("gemma3", "layer_types", """["sliding_attention", "sliding_attention", "sliding_attention", "sliding_attention", "sliding_attention", "full_attention", "sliding_attention"]""")]
    [TestCase("gemma2", "query_pre_attn_scalar", null)]
    [TestCase("qwen3moe", "norm_topk_prob", "true")]
    [TestCase("qwen3moe", "mlp_only_layers", "[ ]")]
    [TestCase("llama", "hidden_act", "\"silu\"")]
    public void TheChoiceThatItHasIsNoObstacle(string architecture, string field, string? value)
    {
        string model = Model(architecture, config => config[field] = value is null ? config["head_dim"]!.DeepClone() : JsonNode.Parse(value));
        Assert.That(() => Convert(model), Throws.Nothing);
    }

    [Test]
    public void ANumberOfLayersThatNothingBearsOutEndsAtOnce()
    {
        string model = Model("llama", config => config["num_hidden_layers"] = 2_000_000_000);
        Assert.That(Refused(model).Message, Does.Contain("1000 and more tensors are missing"));
    }

    [Test]
    public void WeightsOfMlxInFewBits()
    {
        string model = Model("llama", config => config["quantization"] = new JsonObject { ["group_size"] = 64, ["bits"] = 4 });
        Assert.That(Refused(model).Message, Does.Contain("MLX (4 bits)"));
    }

    [Test]
    public void AnAdapterIsNoModelAndTheModelItBelongsToIsNamed()
    {
        File.WriteAllText(Path.Combine(directory, "adapter_config.json"), """{ "base_model_name_or_path": "meta-llama/Llama-3.2-3B" }""");
        Assert.That(Refused(directory).Message, Does.Contain("adapter (LoRA)").And.Contain("meta-llama/Llama-3.2-3B"));
    }

    [Test]
    public void AnUnknownClassIsNamed()
    {
        string model = Model("llama", config => config["architectures"] = new JsonArray("GraniteMoeHybridForCausalLM"));
        ConversionException refused = Refused(model);
        Assert.That(refused.Message, Does.Contain("GraniteMoeHybridForCausalLM").And.Contain("convert --list"));
        Assert.That(refused.Unsupported, Is.True);
    }

    private ConversionException Refused(string model)
    {
        ConversionException refused = Assert.Throws<ConversionException>(() => Convert(model))!;
        Assert.That(Directory.EnumerateFiles(directory, "converted*"), Is.Empty, "nothing is left");
        return refused;
    }

    private void Convert(string model) => ModelConverter.Convert(model, Path.Combine(directory, "converted.gguf"), new ConversionOptions());

    private string Model(string architecture, Action<JsonObject> change)
    {
        string original = Path.Combine(directory, "original.gguf"), model = Path.Combine(directory, "model"), file = Path.Combine(model, "config.json");
        ProbeForge.Write(architecture, "F32", 1, original, HfFamilies.All[architecture].Variant);
        HfFamilies.Save(original, model);
        JsonObject config = JsonNode.Parse(File.ReadAllText(file))!.AsObject();
        change(config);
        File.WriteAllText(file, config.ToJsonString());
        return model;
    }
}
