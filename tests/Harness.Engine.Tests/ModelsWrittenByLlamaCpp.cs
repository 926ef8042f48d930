using System.Runtime.InteropServices;
using NUnit.Framework;

namespace Harness.Engine.Tests;

/// <summary>Files written and evaluated by llama.cpp give the same logits here.</summary>
internal sealed class ModelsWrittenByLlamaCpp
{
    private static readonly int[] Ids = [1, 17, 42, 99, 3, 77, 64, 5, 120, 8, 31, 90, 55, 2, 66, 101, 12, 48, 110, 7, 23, 88, 35, 60];

    [TestCase("bloom-dense")]
    [TestCase("falcon-dense")]
    [TestCase("gemma2-dense")]
    [TestCase("gptneox-dense")]
    [TestCase("llama-dense")]
    [TestCase("phi2-dense")]
    [TestCase("qwen2-dense")]
    [TestCase("llama-moe")]
    [TestCase("qwen3moe-moe")]
    [TestCase("gpt-oss-moe")]
    [TestCase("deepseek2-moe")]
    [TestCase("granitehybrid-dense")]
    public void Have_the_logits_llama_cpp_computed(string name)
    {
        string path = SharedFolder.Require("interop", name + ".gguf");
        float[] expected = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(Path.ChangeExtension(path, ".logits.f32"))).ToArray();
        using Model model = Model.Load(path, threads: 2);
        using Session session = new(model, Ids.Length);
        float[] actual = new float[Ids.Length * session.VocabularySize];
        session.Evaluate(Ids, 0, LogitsWanted.All, actual);

        double nmse = Nmse.Of(actual, expected);
        TestContext.Out.WriteLine($"{name}: NMSE {nmse:E2}");
        Assert.That(nmse, Is.LessThan(1e-6));
    }
}
