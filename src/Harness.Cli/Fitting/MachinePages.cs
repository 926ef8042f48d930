using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Harness.Formats.Gguf;
using Harness.Matrix;
using Harness.Reporting;
using Harness.Runner.Fit;
using Harness.Runner.Inspection;

namespace Harness.Cli.Fitting;

/// <summary>What of the catalogue fits a machine: the page <c>harness fit --memory 16GB</c> prints.</summary>
internal static partial class MachinePages
{
    private const long Gigabyte = 1_000_000_000;
    private const int Named = 8;

    private static readonly long[] Machines = [8, 16, 24, 32, 64];

    /// <summary>Prints the page of one machine, or writes those of several.</summary>
    /// <param name="memory">The machine's memory; null for this one's, or, with a folder, for all that have pages.</param>
    /// <param name="folder">A folder to write to, or null to print.</param>
    /// <param name="request">Context, cache and batch.</param>
    /// <param name="json">Prints JSON.</param>
    /// <returns>The exit status.</returns>
    public static int Run(long? memory, string? folder, FitRequest request, bool json)
    {
        Catalogue catalogue = CatalogueFiles.Catalogue();
        var models = new List<(ModelEntry, GgufHeader)>();
        foreach (ModelEntry entry in catalogue.Models.Where(m => m.Origin == VariantOrigin.Hub))
        {
            if (CatalogueShape.HeaderOf(entry, "F16") is { } header) models.Add((entry, header));
        }

        if (models.Count == 0)
            throw new CommandException(ExitStatus.Usage, "no model of the catalogue has a shape", catalogue.Directory, "Add 'shape' to models of the catalogue.");
        var fitter = new MachineFitter(models, request);
        if (folder is null)
        {
            long total = memory ?? Harness.Runner.Hardware.HardwareProbe.Look().Memory.TotalBytes;
            MachineView view = View(fitter, total, request);
            Console.Out.Write(json ? JsonSerializer.Serialize(view, MachineJson.Default.MachineView) + "\n" : Render(view, catalogue));
            return ExitStatus.Done;
        }

        Directory.CreateDirectory(folder);
        var written = new List<string>();
        foreach (long total in memory is { } one ? [one] : Machines.Select(m => m * Gigabyte))
        {
            string path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{total / 1e9:0.#}GB.md"));
            File.WriteAllText(path, Render(View(fitter, total, request), catalogue));
            written.Add(path);
        }

        Console.Out.WriteLine(json ? JsonSerializer.Serialize(written, MachineJson.Default.ListString) : string.Join('\n', written));
        return ExitStatus.Done;
    }

    private static string Render(MachineView view, Catalogue catalogue) =>
        new MarkdownReport(File.ReadAllText(CatalogueFiles.Template(catalogue.Directory, "machine.md.hbs"))).Render(view);

    private static MachineView View(MachineFitter fitter, long total, FitRequest request)
    {
        MachineFit here = fitter.Fit(MachineMemory.Usable(total));
        string size = Name(total);
        FittingModel[] all = [.. here.Fits, .. here.TooLarge];
        long[] larger = [.. Machines.Select(m => m * Gigabyte).Where(m => m > total).Take(2)];
        return new MachineView(
            $"Models for {size} of memory",
            size,
            Sizes.Of(here.Usable),
            (request.ContextLength ?? FitAnalyzer.UsualContext).ToString("N0", CultureInfo.InvariantCulture),
            [.. here.Fits.Select(Row)],
            [.. here.TooLarge.Select(m => new MachineLeft(m.Entry.Id, Sizes.Count(m.Parameters), Why(m, here.Usable)))],
            [
                .. all.Where(m => m.Training.Bytes(TrainingKind.QLoRA) <= 2 * here.Usable).OrderBy(m => m.Parameters).ThenBy(m => m.Entry.Id, StringComparer.Ordinal)
                    .Select(m => new MachineTraining(m.Entry.Id, Bytes(m, TrainingKind.QLoRA), Bytes(m, TrainingKind.LoRA), Bytes(m, TrainingKind.Full), Possible(m, here.Usable))),
            ],
            TrainingMemory.Sequence.ToString(CultureInfo.InvariantCulture),
            TrainingMemory.Rank.ToString(CultureInfo.InvariantCulture),
            [.. larger.Select(m => Step(m, here, fitter.Fit(MachineMemory.Usable(m))))],
            $"harness fit --memory {size.Replace(" ", "", StringComparison.Ordinal)}");
    }

    private static MachineRow Row(FittingModel model)
    {
        QuantFit best = model.Best!;
        EngineFit builtin = best.Engines[0], llamaCpp = best.Engines[1];
        int trained = Math.Max(model.Entry.Shape!.ContextLength, 1), longest = best.Engines.Max(e => e.LargestContext);
        return new MachineRow(
            model.Entry.Id,
            Sizes.Count(model.Parameters),
            best.Quant,
            Sizes.Of(best.WeightBytes),
            Taken(builtin),
            Taken(llamaCpp),
            longest >= trained
                ? string.Create(CultureInfo.InvariantCulture, $"{trained:N0}, all")
                : longest.ToString("N0", CultureInfo.InvariantCulture));
    }

    private static string Taken(EngineFit engine) =>
        engine.Prediction is { } p ? Sizes.Of(p.On("cpu")) + (engine.Fits ? "" : " (does not fit)") : "–";

    private static string Why(FittingModel model, long usable)
    {
        string needs = $"needs {Sizes.Of(model.Least.Bytes)} at {model.Least.Quant}, {Sizes.Of(usable)} can be used";
        return model.Best is { } best ? $"{needs}; only {best.Quant} fits, and below four bits answers suffer" : needs;
    }

    private static string Bytes(FittingModel model, TrainingKind kind) => Sizes.Of(model.Training.Bytes(kind));

    private static string Possible(FittingModel model, long usable)
    {
        string[] kinds = [.. Enum.GetValues<TrainingKind>().OrderDescending().Where(k => model.Training.Bytes(k) <= usable).Select(k => k == TrainingKind.Full ? "all weights" : k.ToString())];
        return kinds.Length == 0 ? "no" : string.Join(", ", kinds);
    }

    private static MachineStep Step(long total, MachineFit here, MachineFit there)
    {
        HashSet<string> fits = [.. here.Fits.Select(m => m.Entry.Id)];
        Dictionary<string, string> quants = here.Fits.ToDictionary(m => m.Entry.Id, m => m.Best!.Quant);
        FittingModel[] all = [.. there.Fits, .. there.TooLarge];
        return new MachineStep(
            Name(total),
            List(there.Fits.Where(m => !fits.Contains(m.Entry.Id)).Select(m => m.Entry.Id)),
            List(there.Fits.Where(m => quants.TryGetValue(m.Entry.Id, out string? q) && q != m.Best!.Quant).Select(m => $"{m.Entry.Id} ({quants[m.Entry.Id]} → {m.Best!.Quant})")),
            List(all.OrderByDescending(m => m.Parameters)
                .Where(m => Possible(m, here.Usable) != Possible(m, there.Usable)).Select(m => $"{m.Entry.Id} ({Possible(m, there.Usable)})")));
    }

    private static string List(IEnumerable<string> names)
    {
        string[] all = [.. names];
        string shown = string.Join(", ", all.Take(Named));
        return all.Length == 0 ? "none" : all.Length <= Named ? shown : string.Create(CultureInfo.InvariantCulture, $"{shown} and {all.Length - Named} more");
    }

    private static string Name(long total) => string.Create(CultureInfo.InvariantCulture, $"{total / 1e9:0.#} GB");

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
    [JsonSerializable(typeof(MachineView))]
    [JsonSerializable(typeof(List<string>))]
    private sealed partial class MachineJson : JsonSerializerContext;
}
