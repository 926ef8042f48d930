using Harness.Benchmarks;

// dotnet run -c Release --project tests/Harness.Benchmarks -- [NAME…]: all benchmarks, or those named.
Dictionary<string, Action<BenchmarkTable>> benchmarks = new(StringComparer.Ordinal)
{
    [DispatchBenchmark.Name] = DispatchBenchmark.Run,
    [EngineBenchmark.Name] = EngineBenchmark.Run,
    [HeaderBenchmark.Name] = HeaderBenchmark.Run,
    [HostileTextBenchmark.Name] = HostileTextBenchmark.Run,
    [HubBenchmark.Name] = HubBenchmark.Run,
    [KernelBenchmark.Name] = KernelBenchmark.Run,
    [OverheadBenchmark.Name] = OverheadBenchmark.Measure,
    [PlanningBenchmark.Name] = PlanningBenchmark.Run,
    [QuantizeBenchmark.Name] = QuantizeBenchmark.Run,
    [SpeedPage.Name] = SpeedPage.Run,
    [TokenizeBenchmark.Name] = TokenizeBenchmark.Run,
};

string[] unknown = args.Where(name => !benchmarks.ContainsKey(name)).ToArray();
if (unknown.Length > 0)
{
    Console.Error.WriteLine($"error: no benchmark is called {string.Join(", ", unknown)}\n  there are {string.Join(", ", benchmarks.Keys.Order())}");
    return 2;
}

// The page of ratios takes a quarter of an hour, and is only made when it is asked for.
foreach (string name in args.Length > 0 ? args : [.. benchmarks.Keys.Where(n => n != SpeedPage.Name).Order()])
{
    BenchmarkTable table = new(name, Console.Out);
    benchmarks[name](table);
}

return 0;
