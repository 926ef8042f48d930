using System.CommandLine;
using System.Globalization;
using Harness.Cli.OneModel;
using Harness.Runner.Cells;
using Harness.Runner.OneModel;
using Harness.Runner.Speed;
using Harness.Workers;
using Harness.Workers.Memory;

namespace Harness.Cli.Commands;

/// <summary><c>harness bench</c>: how fast a backend runs a model, in llama-bench's terms.</summary>
internal static class BenchCommand
{
    private const int MostTokens = 1 << 20;

    /// <summary>Builds the command.</summary>
    public static Command Create()
    {
        var model = new ModelArgument("Its tokenizer is not needed.");
        Option<string> prompts = Counts("-p", "--n-prompt", "Tokens of a prompt that are evaluated at once; 0 for no such test.", "512");
        Option<string> generated = Counts("-n", "--n-gen", "Tokens that are evaluated one by one; 0 for no such test.", "128");
        Option<string> depths = Counts("-d", "--n-depth", "Tokens in the context before those of -n.", "0");
        Option<string?> threads = new("--threads", "-t") { Description = "Threads that compute; several to compare; by default one a processor.", HelpName = "N,…" };
        Option<int> repetitions = new("--repetitions", "-r") { Description = "Timed runs of each test.", HelpName = "N", DefaultValueFactory = _ => 5 };
        var backend = new Option<string?>("--backend")
        {
            Description = "builtin (the default), llama.cpp (the newest installed build), or llama.cpp@BUILD.",
            HelpName = "B",
        };
        var against = new Option<string?>("--against") { Description = "A second backend: run by turns with the first, and the ratio is printed.", HelpName = "B" };
        var llamaCpp = new Option<string?>("--llama-cpp") { Description = "llama.cpp libraries of your own; they are then what llama.cpp means.", HelpName = "DIR" };
        var cache = new CacheOption();
        var json = new Option<bool>("--json") { Description = "Prints a JSON array, one object a test, with llama-bench's names; nothing else." };
        var command = new Command(
            "bench",
            """
            Measures how fast a model runs.

            Every backend runs in a process of its own, with its own defaults, on the same token ids; one run of each test
            before the timed ones is thrown away. With --against the runs of both alternate, and the ratio is the median of
            the ratios of neighbours, so that a busy machine disturbs both alike.

            Examples:
              harness bench nano:Q4_K_M
              harness bench model.gguf -p 512 -n 64 -t 2 -r 3 --against llama.cpp
              harness bench model.gguf -p 0 -n 32 -d 0,4096 --backend llama.cpp@v0.5.0 --json

            Exit status: 0 measured; 1 a backend could not run the model; 2 the command line is wrong.
            """);
        model.AddTo(command);
        foreach (Option option in (Option[])[prompts, generated, depths, threads, repetitions, cache, backend, against, llamaCpp, json])
            command.Options.Add(option);
        command.SetAction((parsed, cancellation) => CommandErrors.GuardAsync(async () =>
        {
            IReadOnlyList<SpeedTest> tests = Tests(parsed.GetRequiredValue(prompts), parsed.GetRequiredValue(generated), parsed.GetRequiredValue(depths));
            int[] threadCounts = parsed.GetValue(threads) is { } list
                ? [.. Parse("-t", list).Select(t => EngineOptions.Checked(t)!.Value)]
                : [Environment.ProcessorCount];
            int runs = parsed.GetValue(repetitions);
            if (runs is < 1 or > 1000)
                throw new CommandException(ExitStatus.Usage, $"{runs.ToString(CultureInfo.InvariantCulture)} is no number of runs", "-r", "Give a number from 1 to 1000.");
            var choice = new BackendChoice(
                new Harness.Workers.Backends.BackendStore(Harness.Workers.Backends.HarnessHome.Locate()), HarnessExecutable.Path, parsed.GetValue(llamaCpp), CatalogueFiles.Catalogue);
            string named = parsed.GetValue(backend) ?? (parsed.GetValue(llamaCpp) is null ? BackendChoice.Builtin : BackendChoice.LlamaCpp);
            BackendAtHand[] backends = parsed.GetValue(against) is { } other ? [choice.Find(named), choice.Find(other)] : [choice.Find(named)];
            string file = await model.FindAsync(parsed, cancellation).ConfigureAwait(false);
            ModelSize size = ModelSize.Of(file);

            using var launcher = new WorkerLauncher();
            using BenchLine? line = BenchLine.ForTerminal();
            var meter = new SpeedMeter(launcher, line is null ? null : line.Show);
            var measured = new List<IReadOnlyList<BackendSpeed>>();
            foreach (int count in threadCounts)
                measured.Add(await MeasureAsync(meter, backends, file, tests, count, cache.Of(parsed), runs, cancellation).ConfigureAwait(false));
            line?.Dispose();
            if (parsed.GetValue(json)) BenchOutput.PrintJson(measured, file, size);
            else BenchOutput.Print(measured, model.Text(parsed), size, runs);
            return ExitStatus.Done;
        }));
        return command;
    }

    private static async Task<IReadOnlyList<BackendSpeed>> MeasureAsync(
        SpeedMeter meter, BackendAtHand[] backends, string file, IReadOnlyList<SpeedTest> tests, int threads, CacheFormat cache, int runs, CancellationToken cancellation)
    {
        try
        {
            return await meter.MeasureAsync(backends, file, tests, threads, cache, runs, cancellation).ConfigureAwait(false);
        }
        catch (BackendFailedException e)
        {
            throw new CommandException(ExitStatus.Unexpected, e.Reason, e.Backend, "See 'harness inspect' for what the file needs, or try another --backend.");
        }
    }

    private static Option<string> Counts(string name, string alias, string description, string otherwise) => new(alias, name)
    {
        Description = $"{description} Several, joined by commas, are tests of their own.",
        HelpName = "N,…",
        DefaultValueFactory = _ => otherwise,
    };

    private static List<SpeedTest> Tests(string prompts, string generated, string depths)
    {
        int[] before = Parse("-d", depths);
        List<SpeedTest> tests =
        [
            .. Parse("-p", prompts).Where(p => p > 0).Select(p => new SpeedTest(p, 0)),
            .. Parse("-n", generated).Where(n => n > 0).SelectMany(n => before.Select(d => new SpeedTest(0, n, d))),
        ];
        return tests.Count > 0
            ? tests
            : throw new CommandException(ExitStatus.Usage, "there is nothing to measure", "-p 0 -n 0", "Give a number of tokens to at least one of them.");
    }

    private static int[] Parse(string option, string list)
    {
        var counts = new List<int>();
        foreach (string word in list.Split(',', StringSplitOptions.TrimEntries))
        {
            if (!int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int count) || count > MostTokens)
                throw new CommandException(ExitStatus.Usage, $"'{word}' is no count", $"{option} {list}", "Give numbers joined by commas, as 128,512.");
            counts.Add(count);
        }

        return [.. counts.Distinct()];
    }
}
