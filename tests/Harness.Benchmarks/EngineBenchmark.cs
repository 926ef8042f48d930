using System.Diagnostics;
using System.Globalization;
using Harness.Engine;
using Harness.Formats.Tensors;

namespace Harness.Benchmarks;

/// <summary>Prefill and decode speed of the built-in engine on half a billion random weights, and the memory it takes.</summary>
internal static class EngineBenchmark
{
    private const int PrefillTokens = 512;
    private const int DecodeTokens = 32;

    /// <summary>How it is called.</summary>
    public const string Name = "engine";

    private static readonly TensorType[] Types =
        [TensorType.F16, TensorType.Q8_0, TensorType.Q4_0, TensorType.Q4_K, TensorType.Q5_K, TensorType.Q6_K];

    /// <summary>Runs it.</summary>
    public static void Run(BenchmarkTable table)
    {
        table.Line("instructions, threads", $"{Model.InstructionSet}, {Environment.ProcessorCount}");
        foreach (TensorType type in Types)
        {
            using var file = new RandomModel(type);
            Measure(table, type, file.Path);
        }
    }

    private static void Measure(BenchmarkTable table, TensorType type, string path)
    {
        bool peakIsOwn = ForgetPeak();
        using Model model = Model.Load(path, Environment.ProcessorCount);
        using var session = new Session(model, PrefillTokens + DecodeTokens);
        int[] prompt = [.. Enumerable.Range(0, PrefillTokens).Select(i => i * 31 % session.VocabularySize)];
        int[] next = [1];
        double prefill = 0;
        double decode = 0;
        for (int attempt = 0; attempt < 3; attempt++)
        {
            long start = Stopwatch.GetTimestamp();
            next[0] = session.EvaluateGreedily(prompt, 0, out _);
            prefill = Math.Max(prefill, PrefillTokens / Stopwatch.GetElapsedTime(start).TotalSeconds);
            start = Stopwatch.GetTimestamp();
            for (int i = 0; i < DecodeTokens; i++)
                next[0] = session.EvaluateGreedily(next, PrefillTokens + i, out _);
            decode = Math.Max(decode, DecodeTokens / Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        long bytes = new FileInfo(path).Length;
        long over = Process.GetCurrentProcess().PeakWorkingSet64 - bytes;
        table.Line(
            string.Create(CultureInfo.InvariantCulture, $"{type}, {bytes / 1048576.0:0} MiB"),
            string.Create(
                CultureInfo.InvariantCulture,
                $"prefill {prefill,7:0.0} tok/s   decode {decode,6:0.0} tok/s, {bytes * decode / 1e9,4:0.0} GB/s   {(peakIsOwn ? $"peak {over / 1048576.0:+0;-0} MiB over the file" : "")}"));
    }

    /// <summary>
    /// Forgets the peak memory of what ran before (making the file, the type measured last): Linux lets a process do
    /// so, proc(5), <c>clear_refs</c>.
    /// </summary>
    /// <returns>Whether the peak from here on is this measurement's own.</returns>
    private static bool ForgetPeak()
    {
        GC.Collect();
        try
        {
            File.WriteAllText("/proc/self/clear_refs", "5");
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
