using Harness.Conversion.Tests.HfModels;
using Harness.Engine;
using Harness.Formats.Forging;
using NUnit.Framework;

namespace Harness.Conversion.Tests;

/// <summary>A converted model computes what the model it was laid out from computes.</summary>
public class ConvertedLogitsTests
{
    private static readonly int[] Ids = [.. Enumerable.Range(0, 24).Select(i => 3 + (i * 89 % 367))];

    private string directory = "";

    private static IEnumerable<string> Forged() => HfFamilies.All.Keys.Where(ProbeForge.Architectures.Contains);

    [SetUp]
    public void Create() => directory = Directory.CreateTempSubdirectory("harness-conversion-").FullName;

    [TearDown]
    public void Delete() => Directory.Delete(directory, recursive: true);

    [TestCaseSource(nameof(Forged))]
    public void AConvertedModelHasTheLogitsOfTheOriginal(string architecture)
    {
        string original = Path.Combine(directory, "original.gguf"), model = Path.Combine(directory, "model"), converted = Path.Combine(directory, "converted.gguf");
        ProbeForge.Write(architecture, "F32", 1, original, HfFamilies.All[architecture].Variant);
        HfFamilies.Save(original, model);
        ModelConverter.Convert(model, converted, new ConversionOptions());
        float[] expected = Original(architecture, original), found = Logits(converted);
        Assert.That(LogitsError.Nmse(found, expected), Is.LessThan(1e-6 * 1e-6), "the weights are the same to the last bit or nearly so");
    }

    private static float[] Original(string architecture, string path)
    {
        try
        {
            return Logits(path);
        }
        catch (UnsupportedModelException)
        {
            Assert.Ignore($"the built-in engine does not run '{architecture}'");
            throw;
        }
    }

    private static float[] Logits(string path)
    {
        using var model = Model.Load(path, 1);
        using var session = new Session(model, 64, KvCacheType.F32);
        var logits = new float[Ids.Length * session.VocabularySize];
        session.Evaluate(Ids, 0, LogitsWanted.All, logits);
        return logits;
    }
}
