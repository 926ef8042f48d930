using System.Diagnostics;
using System.Text.Json;

namespace Harness.Benchmarks;

/// <summary>
/// What a warm probe cell costs beyond what its worker spends, which is to be at most 150 ms: whole runs of
/// <c>harness run</c> over one cell and over twelve, the workers' own account taken off, and the difference shared.
/// </summary>
public static class OverheadBenchmark
{
    /// <summary>How it is called.</summary>
    public const string Name = "overhead";

    private const int Runs = 5;

    /// <summary>Runs it.</summary>
    public static void Measure(BenchmarkTable table)
    {
        string root = Directory.CreateTempSubdirectory("harness-benchmark-").FullName;
        try
        {
            // The first run forges the probes and warms the file cache; it is not counted.
            Measure(root, "first", "probe-llama,probe-qwen2", "*");
            List<double> added = [], warm = [], fixedCost = [];
            for (int i = 0; i < Runs; i++)
            {
                Run one = Measure(root, $"one-{i}", "probe-llama", "F16"), all = Measure(root, $"all-{i}", "probe-llama,probe-qwen2", "F16,F32,BF16,Q8_0,Q6_K,Q4_K_M");
                added.Add((all.Beyond - one.Beyond) / (all.Cells - one.Cells));
                fixedCost.Add(one.Beyond);
                warm.AddRange(all.Warm);
            }

            table.Line("one cell, start of program and worker", $"{fixedCost.Min():0} ms least, {Median(fixedCost):0} ms median beyond the worker's own");
            table.Line("each further cell, all told", $"{added.Min():0.0} ms least, {Median(added):0.0} ms median beyond the worker's own");
            table.Line("within a warm cell", $"{warm.Min():0.0} ms least, {Median(warm):0.0} ms median beyond the worker's own");
            table.Line("a warm cell costs at most 150 ms", Median(added) <= 150 ? "yes" : "NO");
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    /// <summary>A run: its cells, its time beyond the workers' own, and that of each warm cell.</summary>
    private sealed record Run(int Cells, double Beyond, IReadOnlyList<double> Warm);

    private static Run Measure(string root, string name, string model, string quant)
    {
        string output = Path.Combine(root, name);
        var start = new ProcessStartInfo(BuiltHarness.Executable)
        {
            ArgumentList = { "run", "--offline", "--model", model, "--quant", quant, "--backend", "builtin", "--json", "--out", output },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["HARNESS_HOME"] = Path.Combine(root, "home");
        long began = Stopwatch.GetTimestamp();
        using Process process = Process.Start(start)!;
        string report = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        double whole = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        if (process.ExitCode != 0) throw new InvalidOperationException($"harness run ended with {process.ExitCode}: {report}");

        List<double> totals = [], workers = [], warm = [];
        foreach (string line in File.ReadLines(Path.Combine(output, "receipts.jsonl")))
        {
            using JsonDocument receipt = JsonDocument.Parse(line);
            JsonElement timings = receipt.RootElement.GetProperty("timings");
            double total = timings.GetProperty("totalMilliseconds").GetDouble(), worker = timings.GetProperty("workerMilliseconds").GetDouble();
            totals.Add(total);
            workers.Add(worker);
            if (!timings.TryGetProperty("startMilliseconds", out _)) warm.Add(total - worker);
        }

        return new Run(totals.Count, whole - workers.Sum(), warm);
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
