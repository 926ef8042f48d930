using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Harness.Runner.Fit;
using Harness.Workers.Memory;
using Spectre.Console;

namespace Harness.Cli.Fitting;

/// <summary>Prints how one model fits.</summary>
internal static partial class FitOutput
{
    private static readonly MemoryKind[] Kinds = Enum.GetValues<MemoryKind>();

    /// <summary>For people: the parts, engine by engine; what else would fit.</summary>
    public static void Print(FittedModel fitted, string? memory, string? gpu)
    {
        ModelFit fit = fitted.Fit;
        IAnsiConsole console = Terminal.Output();
        string active = fit.Experts is { } e
            ? string.Create(CultureInfo.InvariantCulture, $", {e.Count} experts of which a token uses {e.Used}: {Sizes.Of(e.ResidentBytes)} resident, {Sizes.Of(e.ActiveBytes)} active")
            : "";
        console.WriteLine($"{fitted.Model}  {Sizes.Count(fit.Parameters)} parameters, {fit.Own.Quant}, {Sizes.Of(fit.Own.WeightBytes)} of weights ({Words(fit.Own.Source)}){active}");
        string usable = memory is null ? $"{Sizes.Of(fit.Request.Memory)} can be used here now" : $"{Sizes.Of(fit.Request.Memory)} of {memory} can be used";
        string onGpu = fit.Request.GpuMemory == 0 ? "" : $", {Sizes.Of(fit.Request.GpuMemory)} of {gpu} on the GPU";
        console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"context {fit.ContextLength:N0} of {fit.TrainedContext:N0}; {usable}{onGpu}"));
        PrintParts(console, fit);
        foreach (EngineFit engine in fit.Own.Engines)
            console.WriteLine(Sentence(engine, fit));
        if (fit.Request.Cache == CacheFormat.Q8_0)
            console.WriteLine("q8_0 keys and values; llama.cpp needs flash attention for them.");
        PrintQuants(console, fit);
        console.WriteLine("training, by formula, not measured (one sequence of " + TrainingMemory.Sequence.ToString(CultureInfo.InvariantCulture) + " tokens, rank " + TrainingMemory.Rank.ToString(CultureInfo.InvariantCulture)
            + $"): QLoRA {Sizes.Of(fitted.Training.Bytes(TrainingKind.QLoRA))}, LoRA {Sizes.Of(fitted.Training.Bytes(TrainingKind.LoRA))}, full {Sizes.Of(fitted.Training.Bytes(TrainingKind.Full))}");
    }

    /// <summary>One JSON object.</summary>
    public static void PrintJson(FittedModel fitted)
    {
        ModelFit f = fitted.Fit;
        Console.Out.WriteLine(JsonSerializer.Serialize(
            new Json(
                fitted.Model, f.Parameters, f.ContextLength, f.TrainedContext, f.Request.Memory, f.Request.GpuMemory, f.Own, f.LargestQuant?.Quant,
                f.Others, f.Experts, Enum.GetValues<TrainingKind>().ToDictionary(k => k.ToString().ToLowerInvariant(), fitted.Training.Bytes)),
            FitJson.Default.Json));
    }

    private static void PrintParts(IAnsiConsole console, ModelFit fit)
    {
        EngineFit[] engines = [.. fit.Own.Engines.Where(e => e.Prediction is not null)];
        string[] devices = fit.Request.GpuMemory > 0 ? ["cpu", "gpu"] : ["cpu"];
        Table table = new Table().Border(TableBorder.Simple).AddColumn("");
        foreach (EngineFit engine in engines)
        {
            foreach (string device in Devices(engine, devices))
                table.AddColumn(new TableColumn(device == "cpu" ? engine.Backend : $"{engine.Backend}, GPU").RightAligned());
        }

        foreach (MemoryKind kind in Kinds)
        {
            string[] cells = [.. engines.SelectMany(e => Devices(e, devices).Select(d => e.Prediction!.Parts.Where(p => p.Device == d && p.Kind == kind).Sum(p => p.Bytes))).Select(b => b > 0 ? Sizes.Of(b) : "–")];
            if (cells.Any(c => c != "–")) table.AddRow([Words(kind), .. cells]);
        }

        table.AddRow(["[bold]all[/]", .. engines.SelectMany(e => Devices(e, devices).Select(d => $"[bold]{Sizes.Of(e.Prediction!.On(d))}[/]"))]);
        console.Write(table);
    }

    private static IEnumerable<string> Devices(EngineFit engine, string[] devices) =>
        engine.GpuLayers > 0 ? devices : devices.Take(1);

    private static string Sentence(EngineFit engine, ModelFit fit)
    {
        if (engine.Unsupported is { } reason) return $"{engine.Backend}: does not run it: {reason}";
        string layers = engine.GpuLayers == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", {engine.GpuLayers} layers on the GPU (estimated, not measured)");
        string largest = engine.LargestContext == 0 ? "no context fits"
            : engine.LargestContext >= fit.TrainedContext && fit.TrainedContext > 0 ? "all of its context fits"
            : string.Create(CultureInfo.InvariantCulture, $"the largest context that fits is {engine.LargestContext:N0}");
        return $"{engine.Backend}: {(engine.Fits ? "fits" : "does not fit")}{layers}; {largest}";
    }

    private static void PrintQuants(IAnsiConsole console, ModelFit fit)
    {
        if (fit.Others.Count == 0) return;
        Table table = new Table().Border(TableBorder.Simple).AddColumn("quant").AddColumn(new TableColumn("weights").RightAligned());
        foreach (EngineFit engine in fit.Own.Engines)
            table.AddColumn(new TableColumn(engine.Backend).RightAligned()).AddColumn(new TableColumn("context").RightAligned());
        foreach (QuantFit quant in fit.Others.Append(fit.Own).OrderByDescending(q => q.WeightBytes))
        {
            string[] cells = [.. quant.Engines.SelectMany(e => new[] { Total(e), Context(e, fit) })];
            table.AddRow([Markup.Escape(quant == fit.Own ? $"{quant.Quant} *" : quant.Quant), Sizes.Of(quant.WeightBytes) + (quant.Source == SizeSource.Header ? "" : " ~"), .. cells]);
        }

        console.Write(table);
        console.WriteLine(fit.LargestQuant is { } best ? $"the largest quantization that fits: {best.Quant} (* asked for; ~ estimated)" : "no quantization fits (* asked for; ~ estimated)");
    }

    private static string Total(EngineFit engine) => engine.Prediction is not { } p
        ? "–"
        : Sizes.Of(p.On("cpu")) + (engine.GpuLayers > 0 ? $" + {Sizes.Of(p.On("gpu"))}" : "") + (engine.Fits ? "" : " ✗");

    private static string Context(EngineFit engine, ModelFit fit) => engine.LargestContext == 0 ? "–"
        : engine.LargestContext >= fit.TrainedContext && fit.TrainedContext > 0 ? "all"
        : engine.LargestContext.ToString("N0", CultureInfo.InvariantCulture);

    private static string Words(SizeSource source) => source switch
    {
        SizeSource.Header => "exact, from the header",
        SizeSource.Mixture => "estimated: this model's tensors at these types",
        _ => "estimated, from the published shape",
    };

    private static string Words(MemoryKind kind) => kind switch
    {
        MemoryKind.Weights => "weights",
        MemoryKind.RepackedWeights => "weights, repacked",
        MemoryKind.Cache => "keys and values",
        MemoryKind.State => "recurrent state",
        MemoryKind.Compute => "compute buffers",
        _ => "process",
    };

    /// <summary>The JSON's shape.</summary>
    internal sealed record Json(
        string Model, long Parameters, int ContextLength, int TrainedContext, long UsableMemory, long UsableGpuMemory, QuantFit Fit, string? LargestQuant,
        IReadOnlyList<QuantFit> Quants, ExpertMemory? Experts, IReadOnlyDictionary<string, long> TrainingEstimate);

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, UseStringEnumConverter = true)]
    [JsonSerializable(typeof(Json))]
    private sealed partial class FitJson : JsonSerializerContext;
}
