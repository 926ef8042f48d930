using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Harness.Formats.Forging;

namespace Harness.Benchmarks;

/// <summary>
/// The page of ratios, <c>reports/speed/speed.md</c>: the built-in engine against llama.cpp on the same true-shape files,
/// run by turns, with the goals beside them. What was measured lies beside it, a line a test.
/// </summary>
internal static class SpeedPage
{
    /// <summary>How it is called.</summary>
    public const string Name = "speed";

    private const string Peer = "llama.cpp@v0.5.0";

    private static readonly string[] Formats =
        ["Q4_K", "Q5_K", "Q6_K", "Q8_0", "Q5_0", "Q4_1", "Q3_K_M", "Q2_K", "IQ4_XS", "Q4_0", "IQ4_NL", "F16", "BF16"];

    // Of the larger shape the ones most used; its rows are all divisible by 256, so they are what they are called.
    private static readonly string[] Larger = ["Q4_K", "Q5_K", "Q6_K", "Q8_0", "Q4_0", "F16"];

    // Sixteen experts of which two are active, 1 GB at Q4_K.
    private static readonly ForgeShape Experts = new()
    {
        Name = "16 experts, 2 active",
        Architecture = "qwen3moe",
        Layers = 16,
        Embedding = 1024,
        Heads = 16,
        KvHeads = 4,
        HeadDimension = 64,
        FeedForward = 2048,
        Vocabulary = 32000,
        Context = 4096,
        RopeBase = 1e6f,
        NormEpsilon = 1e-6f,
        TiedOutput = false,
        Experts = new ForgeExperts { Count = 16, Used = 2, Length = 2048 },
        Tokenizer = ForgedTokenizers.For("qwen3moe", 32000),
    };

    /// <summary>Files and what is measured on each.</summary>
    private sealed record Case(string Model, string Quant, int Runs, int Prompt = 512, int Generated = 64, int Depth = 0);

    private static IEnumerable<Case> Cases =>
    [
        new Case(Experts.Name, "Q4_K", Runs: 2, Generated: 32),
        new Case("qwen2.5-0.5b", "Q4_K_M", Runs: 1, Prompt: 2048, Generated: 32, Depth: 4096),
        .. Formats.Select(f => new Case("qwen2.5-0.5b", f, Runs: 2)),
        .. Larger.Select(f => new Case("tinyllama-1.1b", f, Runs: 1, Generated: 32)),
    ];

    /// <summary>Measures and writes the page.</summary>
    public static void Run(BenchmarkTable table)
    {
        string folder = Path.Combine(BuiltHarness.Root, "reports", "speed");
        string files = Directory.CreateTempSubdirectory("harness-speed-").FullName;
        _ = Directory.CreateDirectory(folder);
        int threads = Environment.ProcessorCount;
        var rows = new StringBuilder();
        var lines = new StringBuilder();
        string environment = "";
        try
        {
            foreach (Case wanted in Cases)
            {
                string file = Path.Combine(files, $"{wanted.Model}-{wanted.Quant}.gguf");
                if (wanted.Model == Experts.Name)
                    ShapeForge.Write(Experts, wanted.Quant, 1, file, threads, null, default);
                else
                    _ = Harness("forge", "--like", wanted.Model, "--quant", wanted.Quant, "--out", file);
                double bandwidth = ReadBandwidth.Measure(threads);
                using JsonDocument measured = JsonDocument.Parse(Harness(
                    "bench", file, "-p", Text(wanted.Prompt), "-n", Text(wanted.Generated), "-d", Text(wanted.Depth), "-t", Text(threads), "-r", Text(wanted.Runs), "--against", Peer, "--json"));
                File.Delete(file);
                JsonElement[] tests = [.. measured.RootElement.EnumerateArray()];
                environment = EnvironmentOf(tests);
                for (int i = 0; i < tests.Length; i += 2)
                    table.Line($"{wanted.Model} {wanted.Quant}", Row(rows, wanted, tests[i], tests[i + 1], bandwidth));
                foreach (JsonElement test in tests)
                    _ = lines.AppendLine(JsonSerializer.Serialize(test));

                // After each file, so that what was measured is kept when the next one fails.
                File.WriteAllText(Path.Combine(folder, "bench.jsonl"), lines.ToString());
                File.WriteAllText(Path.Combine(folder, "speed.md"), Page(environment, threads, rows));
            }
        }
        finally
        {
            Directory.Delete(files, recursive: true);
        }
    }

    private static string Page(string environment, int threads, StringBuilder rows) =>
        $"""
        # The built-in engine against {Peer}

        Made by `dotnet run -c Release --project tests/Harness.Benchmarks -- {Name}` on {DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}.
        {environment}, {threads} threads, for both. Files of true shapes with random weights (`harness forge --like`), which time
        like real ones. Runs of both alternate; a ratio is the median of neighbouring runs. `pp` is a prompt evaluated at once, `tg`
        tokens one by one, `@ d` after d tokens. GB/s: bytes of weights read a second. Limit: the goal of memory is ≤ 1.15 × file + cache + 96 MiB.

        | shape | format | test | builtin | {Peer} | ratio | goal | reached | GB/s of | first token | peak memory |
        |---|---|---|--:|--:|--:|--:|---|--:|--:|--:|
        {rows.ToString().TrimEnd()}

        What was measured, a line a test, is in [bench.jsonl](bench.jsonl).

        """;

    private static string Row(StringBuilder rows, Case wanted, JsonElement own, JsonElement peer, double bandwidth)
    {
        bool prompt = own.GetProperty("n_prompt").GetInt32() > 0;
        double bytes = own.GetProperty("model_size").GetDouble();
        double ratio = own.GetProperty("ratio").GetDouble();
        double ownSpeed = own.GetProperty("median_ts").GetDouble();
        double peerSpeed = peer.GetProperty("median_ts").GetDouble();
        bool experts = wanted.Model == Experts.Name;
        bool far = wanted.Depth > 0 || wanted.Prompt > 512;
        SpeedGoal goal = experts ? new SpeedGoal(1.3, "experts")
            : far ? new SpeedGoal(1.2, "long context")
            : prompt ? SpeedGoal.Prefill(wanted.Quant)
            : SpeedGoal.Decode(bytes, bandwidth, peerSpeed);
        string test = prompt ? $"pp{wanted.Prompt}" : $"tg{wanted.Generated}{(wanted.Depth > 0 ? $" @ {wanted.Depth}" : "")}";
        string read = prompt || experts ? "" : string.Create(CultureInfo.InvariantCulture, $"{bytes * ownSpeed / 1e9:0.0} of {bandwidth / 1e9:0}");
        string first = Pair(own, peer, "load_to_first_token_ms", 1, "ms");
        string memory = Pair(own, peer, "peak_memory_bytes", 1e6, "MB");
        FormattableString row = $"| {wanted.Model} | {wanted.Quant} | {test} | {ownSpeed:0.0} | {peerSpeed:0.0} | {ratio:0.00} | {goal.Ratio:0.00} | {(ratio >= goal.Ratio ? "yes" : "no")} | {read} | {first} | {memory} |";
        _ = rows.AppendLine(row.ToString(CultureInfo.InvariantCulture));
        return string.Create(CultureInfo.InvariantCulture, $"{test,-12} {ownSpeed,7:0.0} {peerSpeed,7:0.0}   {ratio:0.00} of {goal.Ratio:0.00} ({goal.Why})");
    }

    private static string Pair(JsonElement own, JsonElement peer, string name, double unit, string symbol) =>
        string.Create(CultureInfo.InvariantCulture, $"{own.GetProperty(name).GetDouble() / unit:0} / {peer.GetProperty(name).GetDouble() / unit:0} {symbol}");

    private static string EnvironmentOf(JsonElement[] tests) =>
        $"{tests[0].GetProperty("cpu_info").GetString()}; builtin with {tests[0].GetProperty("instruction_set").GetString()}, the peer with {tests[1].GetProperty("instruction_set").GetString()}";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Harness(params string[] arguments)
    {
        var start = new ProcessStartInfo(BuiltHarness.Executable, arguments) { RedirectStandardOutput = true };
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"harness {arguments[0]} ended with {process.ExitCode}");
    }
}
