using System.Globalization;
using System.Text.Json;
using Harness.Runner.Speed;
using Spectre.Console;

namespace Harness.Cli.OneModel;

/// <summary>Prints what <c>harness bench</c> measured.</summary>
internal static class BenchOutput
{
    /// <summary>For people: a table, a row a test, a column a backend, and the ratio of two.</summary>
    /// <param name="measured">For each number of threads, the backends.</param>
    /// <param name="model">The model, as the command line names it.</param>
    /// <param name="size">Its size.</param>
    /// <param name="runs">Timed runs of each test.</param>
    public static void Print(IReadOnlyList<IReadOnlyList<BackendSpeed>> measured, string model, ModelSize size, int runs)
    {
        IReadOnlyList<BackendSpeed> first = measured[0];
        bool severalThreads = measured.Count > 1;
        string description = first.Select(b => b.Loaded.Description).OfType<string>().FirstOrDefault() ?? first[0].Loaded.Architecture;
        Console.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{model}: {description}, {size.Parameters / 1e6:0.#} M parameters, {size.Bytes / 1e6:0.#} MB; tokens a second, median of {runs}{(severalThreads ? "" : first[0].Threads == 1 ? ", 1 thread" : $", {first[0].Threads} threads")}"));
        foreach (BackendSpeed backend in first)
            Console.Out.WriteLine($"  {backend.Backend}: {string.Join(", ", ((string?[])[VersionOf(backend), backend.Identity.InstructionSet]).OfType<string>())}");

        var table = new Table { Border = TableBorder.Rounded };
        if (severalThreads)
            table.AddColumn(new TableColumn("Threads").RightAligned().NoWrap());
        table.AddColumn(new TableColumn("Test").NoWrap());
        foreach (BackendSpeed backend in first)
            table.AddColumn(new TableColumn(Markup.Escape(backend.Backend)).RightAligned().NoWrap());
        if (first.Count == 2)
            table.AddColumn(new TableColumn("Ratio").RightAligned().NoWrap());
        foreach (IReadOnlyList<BackendSpeed> backends in measured)
            AddRows(table, backends, severalThreads);
        AnsiConsole.Write(table);
        Console.Out.WriteLine("pp: tokens of a prompt, evaluated at once; tg: tokens one by one; first token: from the start of loading;");
        Console.Out.WriteLine(first.Count == 2 ? "memory: the process's peak; ratio: median, least and largest of neighbouring runs." : "memory: the process's peak.");
    }

    /// <summary>A JSON array, one object a test and backend, with llama-bench's names where it has one.</summary>
    /// <param name="measured">For each number of threads, the backends.</param>
    /// <param name="file">The model's file.</param>
    /// <param name="size">Its size.</param>
    public static void PrintJson(IReadOnlyList<IReadOnlyList<BackendSpeed>> measured, string file, ModelSize size)
    {
        using Stream stdout = Console.OpenStandardOutput();
        using (var writer = new Utf8JsonWriter(stdout, new JsonWriterOptions { Indented = true }))
        {
            writer.WriteStartArray();
            foreach (IReadOnlyList<BackendSpeed> backends in measured)
            {
                for (int test = 0; test < backends[0].Results.Count; test++)
                {
                    for (int i = 0; i < backends.Count; i++)
                        WriteTest(writer, backends[i], backends[i].Results[test], i == 0 && backends.Count == 2 ? backends[1].Results[test] : null, file, size);
                }
            }

            writer.WriteEndArray();
        }

        stdout.Write("\n"u8);
    }

    private static void AddRows(Table table, IReadOnlyList<BackendSpeed> backends, bool withThreads)
    {
        string[] threads = withThreads ? [backends[0].Threads.ToString(CultureInfo.InvariantCulture)] : [];
        for (int test = 0; test < backends[0].Results.Count; test++)
        {
            List<string> row = [.. threads, backends[0].Results[test].Test.Name];
            row.AddRange(backends.Select(b => $"{Rate(b.Results[test].Median)} ± {Rate(b.Results[test].Deviation)}"));
            if (backends.Count == 2)
            {
                double[] pairs = Ratios(backends[0].Results[test], backends[1].Results[test]);
                row.Add(string.Create(CultureInfo.InvariantCulture, $"{SpeedResult.MedianOf(pairs):0.00} ({pairs.Min():0.00}–{pairs.Max():0.00})"));
            }

            table.AddRow([.. row.Select(Markup.Escape)]);
        }

        AddRow(table, backends, threads, "first token", b => string.Create(CultureInfo.InvariantCulture, $"{b.LoadToFirstToken.TotalMilliseconds:0} ms"));
        AddRow(table, backends, threads, "memory", b => b.PeakMemory is { } peak ? string.Create(CultureInfo.InvariantCulture, $"{peak.Bytes / 1e6:0} MB") : "unknown");
    }

    private static void AddRow(Table table, IReadOnlyList<BackendSpeed> backends, string[] threads, string name, Func<BackendSpeed, string> value)
    {
        List<string> row = [.. threads, name, .. backends.Select(value)];
        if (backends.Count == 2) row.Add(string.Empty);
        table.AddRow([.. row.Select(Markup.Escape)]);
    }

    private static string Rate(double value) => value.ToString(value >= 100 ? "0" : "0.0", CultureInfo.InvariantCulture);

    private static double[] Ratios(SpeedResult one, SpeedResult other) => [.. one.Rates.Zip(other.Rates, (a, b) => a / b)];

    private static string VersionOf(BackendSpeed backend) =>
        backend.Backend.Contains('@', StringComparison.Ordinal) ? backend.Identity.Build ?? backend.Identity.Version : backend.Identity.Version;

    private static void WriteTest(Utf8JsonWriter writer, BackendSpeed backend, SpeedResult result, SpeedResult? against, string file, ModelSize size)
    {
        writer.WriteStartObject();
        writer.WriteString("backends", "CPU");
        writer.WriteString("backend", backend.Backend);
        writer.WriteString("backend_version", backend.Identity.Version);
        writer.WriteString("instruction_set", backend.Identity.InstructionSet);
        writer.WriteString("cpu_info", backend.Identity.Devices.FirstOrDefault(d => d.Api == "cpu")?.Name);
        writer.WriteString("model_filename", Path.GetFileName(file));
        writer.WriteString("model_type", backend.Loaded.Description ?? backend.Loaded.Architecture);
        writer.WriteNumber("model_size", size.Bytes);
        writer.WriteNumber("model_n_params", size.Parameters);
        writer.WriteNumber("n_threads", result.Threads);
        writer.WriteNumber("n_prompt", result.Test.PromptTokens);
        writer.WriteNumber("n_gen", result.Test.GeneratedTokens);
        writer.WriteNumber("n_depth", result.Test.Depth);
        IReadOnlyList<double> nanoseconds = [.. result.Seconds.Select(s => Math.Round(s * 1e9))];
        writer.WriteNumber("avg_ns", Math.Round(nanoseconds.Average()));
        writer.WriteNumber("stddev_ns", Math.Round(SpeedResult.DeviationOf(nanoseconds)));
        writer.WriteNumber("avg_ts", Math.Round(result.Average, 6));
        writer.WriteNumber("stddev_ts", Math.Round(result.Deviation, 6));
        writer.WriteNumber("median_ts", Math.Round(result.Median, 6));
        Write(writer, "samples_ns", nanoseconds);
        Write(writer, "samples_ts", [.. result.Rates.Select(r => Math.Round(r, 6))]);
        writer.WriteNumber("load_to_first_token_ms", Math.Round(backend.LoadToFirstToken.TotalMilliseconds, 3));
        if (backend.PeakMemory is { } peak) writer.WriteNumber("peak_memory_bytes", peak.Bytes);
        if (against is not null)
        {
            double[] pairs = Ratios(result, against);
            writer.WriteNumber("ratio", Math.Round(SpeedResult.MedianOf(pairs), 4));
            Write(writer, "ratio_pairs", [.. pairs.Select(p => Math.Round(p, 4))]);
        }

        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, string name, IReadOnlyList<double> values)
    {
        writer.WriteStartArray(name);
        foreach (double value in values) writer.WriteNumberValue(value);
        writer.WriteEndArray();
    }
}
