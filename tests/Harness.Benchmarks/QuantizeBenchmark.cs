using System.Globalization;
using System.Runtime.InteropServices;
using Harness.Formats.Forging;
using Harness.Formats.Gguf;
using Harness.Formats.Quantizing;
using Harness.Workers.Backends;
using Harness.Workers.LlamaCpp;
using Harness.Workers.Tests.LlamaCpp;

namespace Harness.Benchmarks;

/// <summary>
/// Quantizing an F16 file in the shape of TinyLlama 1.1B (as many of its layers as make the megabytes of
/// <c>HARNESS_BENCHMARK_MB</c>, 400 by default) against llama.cpp's own quantizer, by turns in one process; what they write
/// is compared byte for byte.
/// </summary>
internal static unsafe class QuantizeBenchmark
{
    private const long LayerBytes = 88_000_000;
    private const long EndsBytes = 262_000_000;
    private static readonly (string Name, int FileType)[] Types = [("Q4_K_M", 15), ("Q6_K", 18), ("Q3_K_M", 12), ("IQ4_XS", 30), ("Q8_0", 7), ("Q4_0", 2)];

    /// <summary>How it is called.</summary>
    public const string Name = "quantize";

    /// <summary>Runs it.</summary>
    public static void Run(BenchmarkTable table)
    {
        long megabytes = long.TryParse(Environment.GetEnvironmentVariable("HARNESS_BENCHMARK_MB"), NumberStyles.None, CultureInfo.InvariantCulture, out long asked) ? asked : 400;
        string only = Environment.GetEnvironmentVariable("HARNESS_BENCHMARK_TYPES") ?? "";
        string folder = Directory.CreateTempSubdirectory("harness-quantize-").FullName;
        try
        {
            string source = Path.Combine(folder, "source.gguf");
            ShapeForge.Write(Shape((int)Math.Clamp(((megabytes * 1_000_000) - EndsBytes) / LayerBytes, 1, 22)), "F16", 1, source, Environment.ProcessorCount);
            string? libraries = Libraries();
            table.Line("source, threads", string.Create(CultureInfo.InvariantCulture, $"{new FileInfo(source).Length / 1e6:0} MB of F16, {Environment.ProcessorCount}"));
            foreach ((string name, int fileType) in Types)
            {
                if (only.Length == 0 || only.Split(',').Contains(name))
                    Measure(table, folder, source, libraries, name, fileType);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Measure(BenchmarkTable table, string folder, string source, string? libraries, string name, int fileType)
    {
        string ours = Path.Combine(folder, "ours.gguf"), theirs = Path.Combine(folder, "theirs.gguf");
        bool peakIsOwn = PeakMemory.Forget();
        (TimeSpan mine, TimeSpan myProcessor) = Time(table, $"{name}, harness", () => ModelQuantizer.Quantize(source, ours, name, Environment.ProcessorCount));
        if (peakIsOwn)
            table.Line("  peak memory", string.Create(CultureInfo.InvariantCulture, $"{System.Diagnostics.Process.GetCurrentProcess().PeakWorkingSet64 / 1e6:0} MB"));
        if (libraries is null)
        {
            table.Line($"{name}, llama.cpp", "not installed: harness backends install llama.cpp@v0.5.0");
            return;
        }

        (TimeSpan other, TimeSpan otherProcessor) = Time(table, $"{name}, llama.cpp", () =>
        {
            uint status = QuantizeOracle.Quantize(libraries, source, theirs, fileType, "", Environment.ProcessorCount);
            if (status != 0)
                throw new InvalidOperationException($"llama_model_quantize gave {status}");
        });
        table.Line("  llama.cpp's over ours", string.Create(
            CultureInfo.InvariantCulture, $"{other / mine:0.0} by the clock, {otherProcessor / myProcessor:0.0} in processor time   {Compare(ours, theirs)}"));
    }

    // Once each: neither gets quicker the second time, and processor time is what a busy machine does not spoil.
    private static (TimeSpan Clock, TimeSpan Processor) Time(BenchmarkTable table, string what, Action action)
    {
        TimeSpan before = Environment.CpuUsage.TotalTime;
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        action();
        TimeSpan clock = System.Diagnostics.Stopwatch.GetElapsedTime(start), processor = Environment.CpuUsage.TotalTime - before;
        table.Line(what, string.Create(CultureInfo.InvariantCulture, $"{clock.TotalSeconds,6:0.0} s   processor {processor.TotalSeconds,6:0.0} s"));
        return (clock, processor);
    }

    private static string Compare(string ours, string theirs)
    {
        using GgufFile actual = GgufFile.Open(ours), expected = GgufFile.Open(theirs);
        string[] different = [.. expected.Tensors.Where(t => !actual.GetBytes(actual.GetTensor(t.Name)).SequenceEqual(expected.GetBytes(t))).Select(t => t.Name)];
        return different.Length == 0 ? $"same bytes in {expected.Tensors.Count} tensors" : $"DIFFERENT: {string.Join(", ", different)}";
    }

    private static string? Libraries()
    {
        if (new BackendStore(HarnessHome.Locate()).Find("llama.cpp@v0.5.0") is not { } installed)
            return null;
        var quiet = (delegate* unmanaged<delegate* unmanaged<int, byte*, void*, void>, void*, void>)LlamaLibraries.Load(installed.Directory).Export("llama_log_set");
        quiet(&Ignore, null);
        return installed.Directory;
    }

    [UnmanagedCallersOnly]
    private static void Ignore(int level, byte* text, void* data)
    {
    }

    private static ForgeShape Shape(int layers) => new()
    {
        Name = "tinyllama-shape",
        Architecture = "llama",
        Layers = layers,
        Embedding = 2048,
        Heads = 32,
        KvHeads = 4,
        HeadDimension = 64,
        FeedForward = 5632,
        Vocabulary = 32000,
        Context = 2048,
        RopeBase = 10_000,
        NormEpsilon = 1e-5f,
        TiedOutput = false,
        Tokenizer = ForgedTokenizer.SentencePiece,
    };
}
