using System.Globalization;
using System.Text.Json;
using Harness.Conversion;
using Harness.Conversion.Tests.HfModels;
using Harness.Formats.Forging;
using Harness.Workers.Tests.Backends;
using NUnit.Framework;

namespace Harness.Workers.Tests.LlamaCpp;

/// <summary>llama.cpp loads a model that was laid out as a directory and converted, and computes what it does of the original.</summary>
public class ConvertedModelsTests
{
    private string directory = "";
    private EngineChild? llama;

    private static int[] Ids { get; } = [.. Enumerable.Range(0, 24).Select(i => 3 + (i * 89 % 367))];

    private static IEnumerable<string> Forged() => HfFamilies.All.Keys.Where(ProbeForge.Architectures.Contains);

    [OneTimeSetUp]
    public void Create() => directory = Directory.CreateTempSubdirectory("harness-conversion-").FullName;

    [OneTimeTearDown]
    public void Delete()
    {
        llama?.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    [TestCaseSource(nameof(Forged))]
    public void LlamaCppComputesTheSameOfAConvertedModel(string architecture)
    {
        // The directory's name becomes the model's, and llama.cpp wants an <|endoftext|> of every model with phi3 in its name.
        string original = Path.Combine(directory, $"{architecture}.gguf"), model = Path.Combine(directory, "model"), converted = Path.Combine(directory, $"{architecture}-converted.gguf");
        ProbeForge.Write(architecture, "F32", 1, original, HfFamilies.All[architecture].Variant);
        HfFamilies.Save(original, model);
        ModelConverter.Convert(model, converted, new ConversionOptions());
        float[] expected = Logits(original), found = Logits(converted);
        Directory.Delete(model, recursive: true);
        File.Delete(original);
        File.Delete(converted);
        Assert.That(LogitsError.Nmse(found, expected), Is.LessThan(1e-9));
    }

    private float[] Logits(string model)
    {
        llama ??= new EngineChild(TestHome.Directory("v0.5.0"));
        JsonElement loaded = llama.Ask("load", model, "64", "cpu");
        Assert.That(loaded.TryGetProperty("failure", out _), Is.False, loaded.ToString());
        return EngineProcess.Logits(llama.Ask("score", string.Join(' ', Ids.Select(id => id.ToString(CultureInfo.InvariantCulture)))));
    }
}
