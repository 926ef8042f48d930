using System.Globalization;
using System.Text.Json;
using Harness.Engine;
using Harness.Engine.Architectures;
using Harness.Engine.Blueprints;
using Harness.Formats.Forging;
using Harness.Workers.Tests.Backends;
using NUnit.Framework;

namespace Harness.Workers.Tests.LlamaCpp;

/// <summary>
/// Every architecture of the forge, with its optional features on: llama.cpp knows the probe, and the built-in engine
/// computes what it computes.
/// </summary>
public class ArchitectureParityTests
{
    private const int Tokens = 48;
    private const int Context = 64;

    // With keys and values in float32 nothing differs but the order of sums; GELU llama.cpp looks up in a table of float16.
    // With keys and values in float16 it rounds queries and the softmax's weights to float16 too.
    private const double Exact = 1e-9;
    private const double WithHalves = 1e-6;

    // Rounding adds up from layer to layer.
    private const int Deep = 16;
    private string directory = "";
    private EngineChild? llama;

    private static IEnumerable<TestCaseData> Probes() =>
        from architecture in ProbeForge.Architectures
        from variant in ProbeForge.Variants(architecture)
        select new TestCaseData(architecture, variant);

    [OneTimeSetUp]
    public void Create() => directory = Directory.CreateTempSubdirectory("harness-architectures-").FullName;

    [OneTimeTearDown]
    public void Delete()
    {
        llama?.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    /// <summary>
    /// At float32, whether the ids come at once, in uneven pieces or one by one. Positions lie beyond every probe's window.
    /// </summary>
    [TestCaseSource(nameof(Probes))]
    public void BothEnginesComputeTheSameLogitsAtEveryPosition(string architecture, string variant)
    {
        string file = Forge(architecture, variant, "F32");
        float[] expected = Reference(file, "f32");
        int vocabulary = expected.Length / Tokens;
        CheckSense(expected, vocabulary);
        if (!ArchitectureTable.Names.Contains(architecture))
            Assert.Ignore($"the built-in engine does not run '{architecture}' yet");

        using var model = Model.Load(file, threads: 1);
        Blueprint blueprint = model.Blueprint;
        double halves = blueprint.Layers.Length > Deep ? 5 * WithHalves : WithHalves;
        double limit = blueprint.Describe().Any(f => f.Value.Contains("gelu", StringComparison.Ordinal)) ? halves : Exact;

        // What sees later tokens too computes something else when it does not get them at once.
        bool causal = !blueprint.Layers.Any(l => l.Blocks.OfType<AttentionBlueprint>().Any(a => a.Bidirectional));
        foreach ((string name, int[] pieces) in (ReadOnlySpan<(string, int[])>)[("at once", [Tokens]), ("in pieces", [7, 1, 19, 2, 13, 6]), ("one by one", [.. Enumerable.Repeat(1, Tokens)])])
        {
            if (!causal && pieces.Length > 1)
                continue;
            float[] actual = Evaluate(model, pieces, vocabulary, KvCacheType.F32);
            double[] errors = [.. Enumerable.Range(0, Tokens).Select(i => Error(actual, expected, i * vocabulary, vocabulary))];
            TestContext.Out.WriteLine($"{name}: NMSE {Error(actual, expected, 0, actual.Length):g3}, worst {errors.Max():g3} at position {Array.IndexOf(errors, errors.Max())}");
            Assert.That(errors.Max(), Is.LessThan(limit), $"{name}, position {Array.FindIndex(errors, e => !(e < limit))}");
        }

        double error = Error(Evaluate(model, [Tokens], vocabulary, KvCacheType.F16), Reference(file, "f16"), 0, expected.Length);
        TestContext.Out.WriteLine($"cache in float16: NMSE {error:g3}");
        Assert.That(error, Is.LessThan(halves), "cache in float16");
    }

    /// <summary>With narrower weights, within the design's tolerances: llama.cpp rounds activations, too.</summary>
    [TestCaseSource(nameof(Probes))]
    [Category("Soak")]
    public void BothEnginesComputeWithNarrowWeights(string architecture, string variant)
    {
        if (!ArchitectureTable.Names.Contains(architecture))
            Assert.Ignore($"the built-in engine does not run '{architecture}' yet");
        using (Assert.EnterMultipleScope())
        {
            foreach ((string quantization, double tolerance) in ((string, double)[])[("F16", 1e-5), ("Q8_0", 1e-3), ("Q4_K_M", 5e-3)])
            {
                string file = Forge(architecture, variant, quantization);
                float[] expected = Reference(file, "f16");
                using var model = Model.Load(file, threads: 1);
                double error = Error(Evaluate(model, [Tokens], expected.Length / Tokens, KvCacheType.F16), expected, 0, expected.Length);
                TestContext.Out.WriteLine($"{quantization}: NMSE {error:g3}");
                Assert.That(error, Is.LessThan(model.Blueprint.Layers.Length > Deep ? 5 * tolerance : tolerance), quantization);
            }
        }
    }

    private static void CheckSense(float[] logits, int vocabulary)
    {
        Assert.That(logits, Has.All.Matches<float>(float.IsFinite));
        double power = logits.Average(v => (double)v * v);
        int distinct = Enumerable.Range(0, Tokens).Select(i => Best(logits.AsSpan(i * vocabulary, vocabulary)).Id).Distinct().Count();
        double[] margins = [.. Enumerable.Range(0, Tokens).Select(i => Best(logits.AsSpan(i * vocabulary, vocabulary)).Margin).Order()];
        TestContext.Out.WriteLine($"rms {Math.Sqrt(power):g3}, {distinct} of {Tokens} likeliest tokens differ, median margin {margins[Tokens / 2]:g3}");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Math.Sqrt(power), Is.InRange(0.3, 30), "logits neither vanish nor explode");
            Assert.That(distinct, Is.GreaterThan(Tokens / 6), "what comes next depends on what came before");
            Assert.That(margins[Tokens / 2], Is.GreaterThan(0.02 * Math.Sqrt(power)), "the likeliest token stands clear");
        }
    }

    private static float[] Evaluate(Model model, int[] pieces, int vocabulary, KvCacheType cache)
    {
        using var session = new Session(model, Context, cache);
        var logits = new float[Tokens * vocabulary];
        int at = 0;
        foreach (int piece in pieces)
        {
            session.Evaluate(Ids.AsSpan(at, piece), at, LogitsWanted.All, logits.AsSpan(at * vocabulary, piece * vocabulary));
            at += piece;
        }

        return logits;
    }

    private static double Error(float[] actual, float[] expected, int start, int count)
    {
        double error = 0, power = 0;
        for (int i = start; i < start + count; i++)
        {
            error += Math.Pow(actual[i] - (double)expected[i], 2);
            power += (double)expected[i] * expected[i];
        }

        return error / power;
    }

    private static int[] Ids { get; } = [.. Enumerable.Range(0, Tokens).Select(i => 3 + (i * 89 % 367))];

    private static (int Id, float Margin) Best(ReadOnlySpan<float> logits)
    {
        int best = 0;
        float second = float.NegativeInfinity;
        for (int i = 1; i < logits.Length; i++)
        {
            if (logits[i] > logits[best])
                (second, best) = (logits[best], i);
            else
                second = Math.Max(second, logits[i]);
        }

        return (best, logits[best] - second);
    }

    private float[] Reference(string model, string cache)
    {
        llama ??= new EngineChild(TestHome.Directory("v0.5.0"));
        llama.Ask("cache", cache);
        JsonElement loaded = llama.Ask("load", model, Context.ToString(CultureInfo.InvariantCulture), "cpu");
        Assert.That(loaded.TryGetProperty("failure", out _), Is.False, loaded.ToString());
        return EngineProcess.Logits(llama.Ask("score", string.Join(' ', Ids.Select(id => id.ToString(CultureInfo.InvariantCulture)))));
    }

    private string Forge(string architecture, string variant, string quantization)
    {
        string path = Path.Combine(directory, $"{architecture}-{variant}-{quantization}.gguf");
        if (!File.Exists(path))
            ProbeForge.Write(architecture, quantization, 1, path, variant);
        return path;
    }
}
