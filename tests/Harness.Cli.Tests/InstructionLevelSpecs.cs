using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using NUnit.Framework;

namespace Harness.Cli.Tests;

/// <summary>The engine is right with fewer instructions than this processor has, as .NET's own switches take them away.</summary>
internal sealed class InstructionLevelSpecs
{
    private const string Tokens = "1 17 42 99 3 77 64 5 120 8 31 90 55 2 66 101 12 48 110 7 23 88 35 60";

    /// <summary>Normalised mean squared error that formats may differ by: activations are rounded on some levels and not on others.</summary>
    private static IEnumerable<TestCaseData> Levels =>
        from level in (string[])["DOTNET_EnableAVX512", "DOTNET_EnableAVXVNNI", "DOTNET_EnableAVX2", "DOTNET_EnableHWIntrinsic"]
        from quant in (string[])["F16", "Q8_0", "Q4_K_M"]
        select new TestCaseData(level, quant, quant == "F16" ? 1e-5 : quant == "Q8_0" ? 1e-3 : 5e-3);

    [TestCaseSource(nameof(Levels))]
    public void Logits_agree_with_those_of_all_instructions(string withheld, string quant, double limit)
    {
        if (!Avx2.IsSupported)
            Assert.Ignore("the processor has no AVX2 that could be taken away");
        using BuiltHarness harness = new();
        Assert.That(harness.Run("forge", "--arch", "llama", "--quant", quant, "--out", "probe.gguf").Status, Is.Zero);
        float[] all = Logits(harness, "all.f32");
        harness.Environment[withheld] = "0";
        float[] fewer = Logits(harness, "fewer.f32");

        Assert.That(fewer, Has.Length.EqualTo(all.Length));
        double error = 0, size = 0;
        for (int i = 0; i < all.Length; i++)
        {
            error += Math.Pow(all[i] - fewer[i], 2);
            size += Math.Pow(all[i], 2);
        }

        Assert.That(error / size, Is.LessThan(limit));
    }

    private static float[] Logits(BuiltHarness harness, string file)
    {
        Outcome outcome = harness.Run("logits", "probe.gguf", "--tokens", Tokens, "--out", file);
        Assert.That(outcome.Status, Is.Zero, outcome.Error);
        return MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(Path.Combine(harness.Directory, file))).ToArray();
    }
}
