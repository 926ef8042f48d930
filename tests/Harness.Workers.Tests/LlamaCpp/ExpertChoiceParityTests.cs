using System.Globalization;
using System.Text.Json;
using Harness.Engine;
using Harness.Formats.Forging;
using Harness.Workers.Tests.Backends;
using NUnit.Framework;

namespace Harness.Workers.Tests.LlamaCpp;

/// <summary>
/// At narrow weights, where llama.cpp rounds activations otherwise than the built-in engine, both send every token of a
/// probe to the same experts: a choice that rounding could flip would show in the logits.
/// </summary>
public class ExpertChoiceParityTests
{
    private const int Tokens = 40;
    private static readonly int[] Ids = [.. Enumerable.Range(0, Tokens).Select(i => 3 + (i * 89 % 367))];
    private static readonly (string Quantization, double Tolerance)[] Narrow = [("F16", 1e-5), ("Q8_0", 1e-3), ("Q4_K", 5e-3)];
    private string directory = "";
    private EngineChild? llama;

    [OneTimeSetUp]
    public void Create() => directory = Directory.CreateTempSubdirectory("harness-experts-").FullName;

    [OneTimeTearDown]
    public void Delete()
    {
        llama?.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    [TestCase("llama", "experts")]
    [TestCase("deepseek2", "absorbed")]
    [TestCase("bailingmoe2", "default")]
    public void BothEnginesChooseTheSameExperts(string architecture, string variant)
    {
        using (Assert.EnterMultipleScope())
        {
            foreach ((string quantization, double tolerance) in Narrow)
                Check(architecture, variant, quantization, tolerance);
        }
    }

    [Test]
    public void BothEnginesReadExpertsInMxfp4() => Check("gpt-oss", "default", "MXFP4_MOE", 5e-3);

    private void Check(string architecture, string variant, string quantization, double tolerance)
    {
        string path = Path.Combine(directory, "model.gguf");
        ProbeForge.Write(architecture, quantization, 1, path, variant);
        float[] expected = Reference(path);
        float[] actual = Evaluate(path);
        double error = 0, power = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            error += Math.Pow(actual[i] - (double)expected[i], 2);
            power += (double)expected[i] * expected[i];
        }

        TestContext.Out.WriteLine($"{architecture} {variant} {quantization}: NMSE {error / power:g3}");
        Assert.That(error / power, Is.LessThan(tolerance), quantization);
    }

    private static float[] Evaluate(string path)
    {
        using var model = Model.Load(path, threads: 1);
        using var session = new Session(model, Tokens);
        var logits = new float[Tokens * session.VocabularySize];
        session.Evaluate(Ids, 0, LogitsWanted.All, logits);
        return logits;
    }

    private float[] Reference(string path)
    {
        llama ??= new EngineChild(TestHome.Directory("v0.5.0"));
        JsonElement loaded = llama.Ask("load", path, Tokens.ToString(CultureInfo.InvariantCulture), "cpu");
        Assert.That(loaded.TryGetProperty("failure", out _), Is.False, loaded.ToString());
        return EngineProcess.Logits(llama.Ask("score", string.Join(' ', Ids.Select(id => id.ToString(CultureInfo.InvariantCulture)))));
    }
}
