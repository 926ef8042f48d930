using Harness.Workers.Backends;
using Harness.Workers.LlamaCpp;
using NUnit.Framework;

namespace Harness.Workers.Tests.LlamaCpp;

public class NamesAndTextTests
{
    [TestCase("libllama.so", "llama")]
    [TestCase("libllama.b8390.so", "llama")]
    [TestCase("libllama.so.0", "llama")]
    [TestCase("libllama.v0.5.0.so", "llama")]
    [TestCase("llama.b8390.dll", "llama")]
    [TestCase("libggml-base.dylib", "ggml-base")]
    [TestCase("libggml.b7347.so.0.9.4", "ggml")]
    public void ALibraryIsFoundUnderTheNameItsReleaseGaveIt(string file, string name)
    {
        string directory = Directory.CreateTempSubdirectory("harness-names-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(directory, file), "");
            foreach (string other in (string[])["libllama-common.so", "libggml-cpu-haswell.so", "llama-addon.node", "libggml-vulkan.so"])
                File.WriteAllText(Path.Combine(directory, other), "");
            Assert.That(Path.GetFileName(LlamaLibraries.Find(directory, name)), Is.EqualTo(file));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [TestCase("CPU : SSE3 = 1 | AVX = 1 | AVX2 = 1 | AVX512 = 1 | AVX512_VNNI = 1 | REPACK = 1 | ", "libggml-cpu-zen4.so", "AVX512-VNNI (zen4)")]
    [TestCase("CPU : SSE3 = 1 | AVX = 1 | AVX2 = 0 | ", null, "AVX")]
    [TestCase("CPU : NEON = 1 | DOTPROD = 1 | MATMUL_INT8 = 0 | ", null, "DOTPROD")]
    [TestCase("", "libggml-cpu-x64.so", "x64")]
    [TestCase("", null, null)]
    public void TheBestInstructionSetInUseIsNamed(string info, string? library, string? expected) =>
        Assert.That(InstructionSets.Describe(info, library), Is.EqualTo(expected));

    [Test]
    public void ALogLineInPiecesIsOneLineAndDebuggingIsLeftOut()
    {
        using var forwarded = new StringWriter();
        using var log = new LlamaLog(forwarded);
        log.Append(1, "debugging\n");
        log.Append(4, "error ");
        log.Append(5, "loading\nagain");
        log.Append(2, "info\n");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(log.Errors(), Is.EqualTo(new[] { "error loading", "again" }));
            Assert.That(log.Lines(), Is.EqualTo(new[] { "error loading", "again", "info" }));
            Assert.That(forwarded.ToString(), Is.EqualTo("error loading\nagaininfo\n"));
        }
    }

    [Test]
    public void EqualLogitsGoToTheLowestIdAndNaNNeverWins()
    {
        float[] logits = [float.NaN, 1, 3, 3, 2];
        (int[] ids, float[] logProbabilities) = Likeliest.Top(logits, 9);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Likeliest.Index(logits), Is.EqualTo(2));
            Assert.That(ids, Is.EqualTo(new[] { 2, 3, 4, 1 }));
            Assert.That(logProbabilities.Sum(p => Math.Exp(p)), Is.EqualTo(1).Within(1e-6));
        }
    }

    [Test]
    public void BuildsAreOrderedAsLlamaCppReleasedThem()
    {
        string[] builds = ["v0.10.0", "b8390", "v0.5.0", "own", "b10000"];
        Assert.That(builds.Order(BuildOrder.Instance), Is.EqualTo(new[] { "own", "b8390", "b10000", "v0.5.0", "v0.10.0" }));
    }
}
