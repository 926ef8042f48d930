using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Harness.Conversion.Tests.HfModels;
using Harness.Engine;
using NUnit.Framework;

namespace Harness.Conversion.Tests;

/// <summary>
/// Models made and computed in Python after the transformers library's modeling code, converted and run here: a mistake in
/// the conversion cannot hide behind the same mistake the other way round.
/// </summary>
public class OracleTests
{
    private static readonly int[] Ids = [3, 17, 42, 5, 5, 90, 61, 8, 33, 72, 11, 95];
    private static readonly Lazy<string?> Python = new(FindPython);

    private string directory = "";

    [SetUp]
    public void Create() => directory = Directory.CreateTempSubdirectory("harness-conversion-").FullName;

    [TearDown]
    public void Delete() => Directory.Delete(directory, recursive: true);

    [TestCase("llama")]
    [TestCase("llama3")]
    [TestCase("mistral")]
    [TestCase("mixtral")]
    [TestCase("qwen2")]
    [TestCase("qwen2moe")]
    [TestCase("qwen3")]
    [TestCase("qwen3moe")]
    [TestCase("granite")]
    [TestCase("gemma2")]
    [TestCase("gemma3")]
    [TestCase("gptneox")]
    [TestCase("phi3")]
    [TestCase("qwen3-yarn")]
    [TestCase("gemma3-sighted")]
    [TestCase("gemma3-sighted-newer")]
    [TestCase("llama-fp8-blocks")]
    [TestCase("llama-fp8-rows")]
    [TestCase("llama-fp8-tensors")]
    public void AConvertedModelComputesWhatItsModelingCodeComputes(string family)
    {
        string? python = Python.Value;
        if (python is null)
            Assert.Ignore("no Python with numpy: install python3-numpy");
        string model = Path.Combine(directory, family), converted = Path.Combine(directory, "model.gguf");
        string script = Path.Combine(TestContext.CurrentContext.TestDirectory, "Oracle", "hf_forward.py");
        (int status, string said) = Run(python!, [script, family, model, .. Ids.Select(i => i.ToString(CultureInfo.InvariantCulture))]);
        Assert.That(status, Is.Zero, said);
        ModelConverter.Convert(model, converted, new ConversionOptions { Type = "F32", WithoutTokenizer = true });
        float[] expected = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(Path.Combine(model, "logits.f32"))).ToArray();
        double error = LogitsError.Nmse(Logits(converted), expected);
        TestContext.Out.WriteLine($"NMSE {error:g3}");
        Assert.That(error, Is.LessThan(1e-9));
    }

    private static float[] Logits(string path)
    {
        using var model = Model.Load(path, 1);
        using var session = new Session(model, 64, KvCacheType.F32);
        var logits = new float[Ids.Length * session.VocabularySize];
        session.Evaluate(Ids, 0, LogitsWanted.All, logits);
        return logits;
    }

    private static string? FindPython() => new[] { "python3", "python", "/usr/bin/python3" }.FirstOrDefault(name =>
    {
        try
        {
            return Run(name, ["-c", "import numpy"]).Status == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    });

    private static (int Status, string Said) Run(string program, IEnumerable<string> arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string errors = process.StandardError.ReadToEnd();
        if (!process.WaitForExit(TimeSpan.FromMinutes(1)))
            process.Kill(entireProcessTree: true);
        return (process.ExitCode, output.Result + errors);
    }
}
