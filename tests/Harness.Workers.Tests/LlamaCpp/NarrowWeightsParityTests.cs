using System.Globalization;
using System.Text.Json;
using Harness.Engine;
using Harness.Engine.Architectures;
using Harness.Formats.Forging;
using Harness.Workers.Tests.Backends;
using NUnit.Framework;

namespace Harness.Workers.Tests.LlamaCpp;

/// <summary>
/// Every architecture at narrower weights: llama.cpp, which rounds activations to fit them, and the built-in engine agree
/// within the tolerances that a report allows. A router whose choice rounding can flip would show here. Every layer rounds
/// once more, so that the few probes of more than eight layers, which exist for a choice that depends on depth, have a
/// tolerance in proportion.
/// </summary>
public class NarrowWeightsParityTests
{
    private const int Tokens = 40;
    private static readonly int[] Ids = [.. Enumerable.Range(0, Tokens).Select(i => 3 + (i * 89 % 367))];
    private static readonly (string Quantization, double Tolerance)[] Narrow = [("F16", 1e-5), ("Q8_0", 1e-3), ("Q4_K", 5e-3)];
    private string directory = "";
    private EngineChild? llama;

    private static IEnumerable<TestCaseData> Probes() =>
        from architecture in ProbeForge.Architectures
        where ArchitectureTable.Names.Contains(architecture)
        from variant in ProbeForge.Variants(architecture)
        select new TestCaseData(architecture, variant);

    [OneTimeSetUp]
    public void Create() => directory = Directory.CreateTempSubdirectory("harness-narrow-").FullName;

    [OneTimeTearDown]
    public void Delete()
    {
        llama?.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    [Category("Soak")]
    [TestCaseSource(nameof(Probes))]
    public void BothEnginesAgreeWithinTolerance(string architecture, string variant) => Check(architecture, variant);

    [TestCase("llama", "experts")]
    [TestCase("deepseek2", "absorbed")]
    [TestCase("gpt-oss", "default")]
    public void ExpertsAreChosenAlike(string architecture, string variant) => Check(architecture, variant);

    private void Check(string architecture, string variant)
    {
        using (Assert.EnterMultipleScope())
        {
            foreach ((string quantization, double tolerance) in Narrow)
            {
                string path = Path.Combine(directory, "model.gguf");
                ProbeForge.Write(architecture, quantization, 1, path, variant);
                float[] expected = Reference(path);
                (float[] actual, int layers) = Evaluate(path);
                double error = 0, power = 0;
                for (int i = 0; i < expected.Length; i++)
                {
                    error += Math.Pow(actual[i] - (double)expected[i], 2);
                    power += (double)expected[i] * expected[i];
                }

                TestContext.Out.WriteLine($"{architecture} {variant} {quantization}: NMSE {error / power:g3}");
                Assert.That(error / power, Is.LessThan(tolerance * Math.Max(1, layers / 8.0)), quantization);
            }
        }
    }

    private static (float[] Logits, int Layers) Evaluate(string path)
    {
        using var model = Model.Load(path, threads: 1);
        using var session = new Session(model, Tokens);
        var logits = new float[Tokens * session.VocabularySize];
        session.Evaluate(Ids, 0, LogitsWanted.All, logits);
        return (logits, model.Blueprint.Layers.Length);
    }

    private float[] Reference(string path)
    {
        llama ??= new EngineChild(TestHome.Directory("v0.5.0"));
        JsonElement loaded = llama.Ask("load", path, Tokens.ToString(CultureInfo.InvariantCulture), "cpu");
        Assert.That(loaded.TryGetProperty("failure", out _), Is.False, loaded.ToString());
        return EngineProcess.Logits(llama.Ask("score", string.Join(' ', Ids.Select(id => id.ToString(CultureInfo.InvariantCulture)))));
    }
}
