using System.Globalization;
using System.Text.Json;
using Harness.Formats.Forging;
using Harness.Workers.Tests.Backends;
using NUnit.Framework;

namespace Harness.Workers.Tests.LlamaCpp;

/// <summary>
/// Every architecture of the forge, with its optional features on: llama.cpp knows the probe and computes with it.
/// </summary>
public class ArchitectureParityTests
{
    private const int Tokens = 48;
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

    [TestCaseSource(nameof(Probes))]
    public void LlamaCppComputesWithTheProbe(string architecture, string variant)
    {
        float[] logits = Reference(Forge(architecture, variant, "F32"));
        int vocabulary = logits.Length / Tokens;
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

    private float[] Reference(string model)
    {
        llama ??= new EngineChild(TestHome.Directory("v0.5.0"));
        JsonElement loaded = llama.Ask("load", model, "64", "cpu");
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
