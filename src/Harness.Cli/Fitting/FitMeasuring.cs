using Harness.Cli.OneModel;
using Harness.Cli.Running;
using Harness.Formats.Forging;
using Harness.Matrix;
using Harness.Receipts;
using Harness.Receipts.Store;
using Harness.Reporting;
using Harness.Runner;
using Harness.Runner.Cells;
using Harness.Runner.Fit;
using Harness.Runner.Hardware;
using Harness.Runner.OneModel;
using Harness.Workers;
using Harness.Workers.Backends;

namespace Harness.Cli.Fitting;

/// <summary><c>harness fit --measure DIR</c>: receipts of predicted and measured memory, and their page.</summary>
internal static class FitMeasuring
{
    /// <summary>Measures all shapes, or one.</summary>
    /// <param name="folder">Receipts and page; what it holds already is not measured again.</param>
    /// <param name="shape">The shape's name, or null for all.</param>
    /// <param name="json">Prints JSON.</param>
    /// <param name="cancellation">Ctrl-C: what was measured is kept.</param>
    /// <returns>The exit status.</returns>
    public static async Task<int> RunAsync(string folder, string? shape, bool json, CancellationToken cancellation)
    {
        ForgeShape[] shapes = [.. MeasuredShapes.All.Where(s => shape is null || s.Name == shape)];
        if (shapes.Length == 0)
            throw new CommandException(ExitStatus.Usage, $"'{shape}' is no shape that is measured", "MODEL", $"There are {string.Join(", ", MeasuredShapes.All.Select(s => s.Name))}.");
        string home = HarnessHome.Locate();
        var choice = new BackendChoice(new BackendStore(home), HarnessExecutable.Path, null, CatalogueFiles.Catalogue);
        BackendAtHand[] backends = [choice.Find(BackendChoice.Builtin), choice.Find("llama.cpp@v0.5.0")];
        using ReceiptStore store = ReceiptStore.Open(folder);
        using var launcher = new WorkerLauncher();
        using BenchLine? line = BenchLine.ForTerminal();
        var settings = new RunnerSettings
        {
            RunId = "fit-" + Guid.NewGuid().ToString("N")[..8],
            Executable = HarnessExecutable.Path,
            Home = home,
            CatalogueDirectory = "",
            Machine = MachineProbe.Describe(HardwareProbe.Look()),
            Redactor = Redactor.ForThisMachine(KeyValuePair.Create(home, "$HARNESS_HOME"), KeyValuePair.Create(Environment.CurrentDirectory, ".")),
            Profile = "",
            Command = $"harness fit --measure {folder}",
        };
        string files = Directory.CreateDirectory(Path.Combine(home, "fit")).FullName;
        var meter = new FitMeter(launcher, store, settings, line is null ? null : line.Show);
        foreach (ForgeShape each in shapes)
            await meter.MeasureAsync(each, MeasuredShapes.Quants, MeasuredShapes.Contexts, backends, files, cancellation).ConfigureAwait(false);
        line?.Dispose();
        Catalogue catalogue = CatalogueFiles.Catalogue();
        string page = Path.Combine(Path.GetFullPath(folder), ReportPage.FitFileName);
        FitView view = ReportPage.WriteFit(new ReceiptSet(store.Receipts, store.Comparisons, store.Runs, store.Logits), page, catalogue);
        FitTable.Print(view, json ? page : Path.GetRelativePath(Environment.CurrentDirectory, page), json);
        return view.Within == view.Count ? ExitStatus.Done : ExitStatus.Unexpected;
    }
}
