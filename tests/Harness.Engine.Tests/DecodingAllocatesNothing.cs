using Harness.Formats.Tensors;
using NUnit.Framework;

namespace Harness.Engine.Tests;

/// <summary>A token costs no managed memory, on any thread.</summary>
[NonParallelizable]
internal sealed class DecodingAllocatesNothing
{
    private const int WarmUp = 60;
    private const int Tokens = 500;
    private const int SmallestObject = 24;

    [Test]
    public void Per_token([Values(1, 3)] int threads)
    {
        using TinyModel tiny = new(new TinyShape { Type = TensorType.F16, Biases = true }, seed: 2);
        using Model model = Model.Load(tiny.Path, threads);
        using Session session = new(model, WarmUp + Tokens);
        int[] next = [1];
        for (int i = 0; i < WarmUp; i++)
            next[0] = session.EvaluateGreedily(next, i, out _);

        // The runtime's and the test host's own threads allocate now and then; a leak is there every time.
        long leastOnAllThreads = long.MaxValue;
        for (int attempt = 0; attempt < 3; attempt++)
        {
            long onAllThreads = GC.GetTotalAllocatedBytes(precise: true);
            long onThisThread = GC.GetAllocatedBytesForCurrentThread();
            for (int i = WarmUp; i < WarmUp + Tokens; i++)
                next[0] = session.EvaluateGreedily(next, i, out _);
            onThisThread = GC.GetAllocatedBytesForCurrentThread() - onThisThread;
            leastOnAllThreads = Math.Min(leastOnAllThreads, GC.GetTotalAllocatedBytes(precise: true) - onAllThreads);
            Assert.That(onThisThread, Is.Zero);
        }

        Assert.That(leastOnAllThreads, Is.LessThan(Tokens * SmallestObject));
    }
}
