using System.Diagnostics;
using System.Globalization;
using Harness.Engine.Compute;

namespace Harness.Benchmarks;

/// <summary>
/// What it costs to have all threads of the compute pool begin and end a piece of work that is nothing: while they spin, as
/// between two operations of a decoder, and after they went to sleep.
/// </summary>
internal static class DispatchBenchmark
{
    private const int Dispatches = 200_000;
    private const int Wakings = 200;

    /// <summary>How it is called.</summary>
    public const string Name = "dispatch";

    /// <summary>Runs it.</summary>
    public static void Run(BenchmarkTable table)
    {
        int threads = Environment.ProcessorCount;
        using var pool = new ComputePool(threads);
        int items = threads;

        // Each waits for the others, so that every thread has its item.
        long arrived = 0, wanted = 0;
        ParallelBody nothing = (_, _) =>
        {
            _ = Interlocked.Increment(ref arrived);
            while (Volatile.Read(ref arrived) < Volatile.Read(ref wanted))
            {
            }
        };
        void Dispatch()
        {
            wanted += items;
            pool.Run(items, nothing);
        }

        double least = double.MaxValue;
        for (int round = 0; round < 10; round++)
        {
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < Dispatches; i++)
                Dispatch();
            least = Math.Min(least, Stopwatch.GetElapsedTime(start).TotalSeconds / Dispatches);
        }

        double[] woken = new double[Wakings];
        for (int i = 0; i < Wakings; i++)
        {
            Thread.Sleep(5);
            long start = Stopwatch.GetTimestamp();
            Dispatch();
            woken[i] = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        Array.Sort(woken);
        table.Line($"dispatch to {threads} threads that spin", string.Create(CultureInfo.InvariantCulture, $"{least * 1e9,8:0} ns"));
        table.Line($"dispatch to {threads} threads that sleep", string.Create(CultureInfo.InvariantCulture, $"{woken[Wakings / 2] * 1e6,8:0.0} µs median"));
    }
}
