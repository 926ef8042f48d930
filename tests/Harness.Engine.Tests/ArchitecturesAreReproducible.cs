using Harness.Engine.Architectures;
using Harness.Engine.Blueprints;
using Harness.Formats.Forging;
using NUnit.Framework;

namespace Harness.Engine.Tests;

/// <summary>
/// Which tokens meet in an expert, or in a panel, depends on how a prompt is fed; the logits do not, and neither do they
/// depend on threads. A token costs no managed memory.
/// </summary>
internal sealed class ArchitecturesAreReproducible
{
    private static readonly int[] Ids = Enumerable.Range(0, 140).Select(i => 3 + (i * 89 % 367)).ToArray();

    [TestCase("qwen2moe", "Q4_K", null)]
    [TestCase("gpt-oss", "F16", null)]
    [TestCase("llama4", "Q8_0", null)]
    [TestCase("smallthinker", "F32", null)]
    [TestCase("deepseek2", "Q8_0", "absorbed")]
    [TestCase("deepseek2", "F16", "whole")]
    [TestCase("apertus", "Q8_0", null)]
    [TestCase("talkie", "Q4_K", null)]
    [TestCase("hrm_text", "Q8_0", null)]
    [TestCase("minimax-01", "F16", null)]
    [TestCase("dream", "Q8_0", null)]
    public void For_any_split_and_number_of_threads(string architecture, string quantization, string? variant)
    {
        using ForgedModel forged = new(architecture, quantization, variant);
        float[] expected = Evaluate(forged.Path, threads: 1, [Ids.Length]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Evaluate(forged.Path, threads: 3, [Ids.Length]).AsSpan().SequenceEqual(expected), Is.True, "3 threads");

            // What sees later tokens has no answer before it has seen them.
            if (SeesLaterTokens(forged.Path))
                return;
            Assert.That(Evaluate(forged.Path, threads: 2, [77, 1, 62]).AsSpan().SequenceEqual(expected), Is.True, "in pieces");
            Assert.That(Evaluate(forged.Path, threads: 2, [.. Enumerable.Repeat(1, Ids.Length)]).AsSpan().SequenceEqual(expected), Is.True, "token by token");
        }
    }

    [TestCaseSource(nameof(All))]
    [Category("Soak")]
    public void For_any_split_and_number_of_threads(string architecture)
    {
        For_any_split_and_number_of_threads(architecture, "Q8_0", null);
        For_any_split_and_number_of_threads(architecture, "Q4_K_M", null);
    }

    [TestCaseSource(nameof(All))]
    [Category("Soak")]
    [NonParallelizable]
    public void Without_managed_memory_for_a_token(string architecture) => Without_managed_memory_for_a_token(architecture, null);

    private static IEnumerable<string> All() => ProbeForge.Architectures.Intersect(ArchitectureTable.Names);

    private static bool SeesLaterTokens(string path)
    {
        using Model model = Model.Load(path, threads: 1);
        return model.Blueprint.Layers.Any(l => l.Blocks.OfType<AttentionBlueprint>().Any(a => a.Bidirectional));
    }

    [TestCase("qwen2moe", null)]
    [TestCase("deepseek2", "absorbed")]
    [TestCase("apertus", null)]
    [TestCase("talkie", null)]
    [TestCase("hrm_text", null)]
    [TestCase("minimax-01", null)]
    [NonParallelizable]
    public void Without_managed_memory_for_a_token(string architecture, string? variant)
    {
        const int WarmUp = 40;
        const int Tokens = 200;
        using ForgedModel forged = new(architecture, "F16", variant);
        using Model model = Model.Load(forged.Path, threads: 1);
        using Session session = new(model, WarmUp + Tokens);
        int[] next = [5];
        for (int i = 0; i < WarmUp; i++)
            next[0] = session.EvaluateGreedily(next, i, out _);
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        for (int i = WarmUp; i < WarmUp + Tokens; i++)
            next[0] = session.EvaluateGreedily(next, i, out _);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - allocated, Is.Zero);
    }

    private static float[] Evaluate(string path, int threads, int[] split)
    {
        using Model model = Model.Load(path, threads);
        using Session session = new(model, Ids.Length);
        float[] logits = new float[Ids.Length * session.VocabularySize];
        int done = 0;
        foreach (int count in split)
        {
            session.Evaluate(
                Ids.AsSpan(done, count), done, LogitsWanted.All, logits.AsSpan(done * session.VocabularySize, count * session.VocabularySize));
            done += count;
        }

        return logits;
    }
}
