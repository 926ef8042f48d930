using System.Globalization;
using Harness.Hub;
using Harness.Matrix;
using Harness.Receipts;
using Harness.Receipts.Store;
using Harness.Receipts.Verdicts;
using Harness.Reporting;
using Harness.Runner;
using Harness.Runner.Hardware;
using Harness.Runner.OneModel;
using Harness.Workers;
using Harness.Workers.Backends;

namespace Harness.Cli.Running;

/// <summary>A run from the command line: plan, run, page, table.</summary>
internal static class RunSession
{
    /// <summary>Runs.</summary>
    /// <param name="request">What was asked.</param>
    /// <param name="cancellation">Ctrl-C.</param>
    /// <returns>The exit status.</returns>
    public static async Task<int> RunAsync(RunRequest request, CancellationToken cancellation)
    {
        string matrixPath = CatalogueFiles.Matrix(request.Matrix);
        LoadedMatrix matrix = LoadedMatrix.Load(matrixPath);
        string home = HarnessHome.Locate();
        var backends = new BackendStore(home);
        HubOptions hubOptions = HubSettings.Read(offline: false);
        bool offline = request.Offline || hubOptions.Offline;
        string? own = request.LlamaCpp is { } libraries ? BackendChoice.OwnDirectory(libraries) : null;
        MachineHardware hardware = HardwareProbe.Look();
        EnvironmentFacts environment = new EnvironmentProbe(hubOptions.CacheDirectory, home).Look(hardware, offline);
        Selection selection = request.Selection;
        if (own is not null)
        {
            var id = BackendId.Parse($"llama.cpp@{BackendSource.OwnVersion}");
            environment = environment with { InstalledBackends = [.. environment.InstalledBackends, id] };
            // The user's own libraries beside the built-in engine: that is what the option is given for.
            selection = selection with { Backends = selection.Backends ?? ["builtin", id.ToString()] };
        }

        using var hub = new HubClient(hubOptions with { Offline = offline });
        (Catalogue catalogue, selection) = await new UnlistedModels(hub).AddAsync(matrix.Catalogue, selection, cancellation).ConfigureAwait(false);
        Plan plan = Plan.Create(catalogue, matrix.File, selection, environment);
        string output = OutputFolder(request);
        using ReceiptStore store = ReceiptStore.Open(output);
        var progress = new LiveProgress(plan);
        using var launcher = new WorkerLauncher();
        var settings = new RunnerSettings
        {
            RunId = Path.GetFileName(output.TrimEnd(Path.DirectorySeparatorChar)) + "-" + Guid.NewGuid().ToString("N")[..8],
            Executable = HarnessExecutable.Path,
            Home = home,
            CatalogueDirectory = matrix.File.CatalogueDirectory,
            Machine = MachineProbe.Describe(hardware),
            Redactor = Redactor.ForThisMachine(
                KeyValuePair.Create(home, "$HARNESS_HOME"),
                KeyValuePair.Create(hubOptions.CacheDirectory, "$HF_HUB_CACHE"),
                KeyValuePair.Create(Environment.CurrentDirectory, "."),
                KeyValuePair.Create(Path.GetDirectoryName(Path.GetFullPath(matrixPath))!, ".")),
            Profile = request.Selection.Profile,
            Command = request.Command(),
            CellCommandSuffix = request.CellSuffix(),
            Resume = request.Resume,
            Threads = request.Threads,
            AvailableMemoryBytes = environment.AvailableMemoryBytes ?? environment.TotalMemoryBytes,
        };
        var source = new BackendSource(backends, settings.Executable, environment.Platform, offline, own, progress);
        var runner = new MatrixRunner(settings, hub, launcher, store, source, progress);
        try
        {
            await progress.DuringAsync(runner.VerdictOf, () => runner.RunAsync(plan, cancellation)).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            string folder = Path.GetRelativePath(Environment.CurrentDirectory, output);
            throw new CommandException(
                ExitStatus.Interrupted, $"interrupted, with {store.Receipts.Count} receipts in {folder}", null,
                $"Go on with '{request.Command()} --resume --out {folder}': what is settled is left alone.");
        }

        ReportView view = ReportPage.Write(store, output, catalogue);
        string page = Path.Combine(output, ReportPage.FileName);
        if (request.Json) RunOutput.PrintJson(view, page);
        else RunOutput.Print(view, Path.GetRelativePath(Environment.CurrentDirectory, page));
        return StatusOf(plan, view);
    }

    /// <summary>Only a cell that was expected to work, was tried, and does not, is a failure.</summary>
    private static int StatusOf(Plan plan, ReportView view)
    {
        HashSet<Receipts.Cell> expected = [.. plan.Cells.Where(c => c.Expectation is not null)
            .Select(c => new Receipts.Cell(c.Cell.Model, c.Cell.Quant, c.Cell.Backend.ToString(), c.Cell.Hardware))];
        CellView[] shown = [.. view.Cells.Where(c => expected.Contains(c.Cell))];
        if (shown.Any(c => c.Verdict.Kind == VerdictKind.Error)) return ExitStatus.HarnessFailed;
        return shown.All(c => c.Verdict.Kind is VerdictKind.Works or VerdictKind.Runs or VerdictKind.Blocked or VerdictKind.Untested)
            ? ExitStatus.Done
            : ExitStatus.Unexpected;
    }

    private static string OutputFolder(RunRequest request)
    {
        if (request.Out is { } named) return Path.GetFullPath(named);
        string runs = Path.Combine(CatalogueFiles.ReportsFolder(), "runs");
        if (request.Resume)
        {
            string? newest = Directory.Exists(runs)
                ? Directory.EnumerateDirectories(runs).Where(d => File.Exists(Path.Combine(d, "receipts.jsonl"))).Order(StringComparer.Ordinal).LastOrDefault()
                : null;
            return newest ?? throw new CommandException(
                ExitStatus.Usage, "there is no run to resume", runs, "Run without --resume first, or name the folder of a run with --out DIR.");
        }

        string name = DateTime.UtcNow.ToString("yyyyMMdd-HHmmss-fff", CultureInfo.InvariantCulture);
        return Path.Combine(runs, name);
    }
}
