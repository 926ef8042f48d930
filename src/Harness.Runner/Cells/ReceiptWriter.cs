using Harness.Matrix;
using Harness.Receipts;
using Harness.Runner.Fit;
using Harness.Runner.Variants;

namespace Harness.Runner.Cells;

/// <summary>Makes receipts of what was seen.</summary>
/// <param name="settings">The run.</param>
internal sealed class ReceiptWriter(RunnerSettings settings)
{
    /// <summary>The receipt of a try.</summary>
    /// <param name="log">What was seen.</param>
    /// <param name="totalMilliseconds">The whole try, from outside.</param>
    public Receipt Make(CellLog log, double totalMilliseconds) => settings.Redactor.Redact(new Receipt
    {
        Kind = ReceiptKind.Run,
        Run = settings.RunId,
        Attempt = log.Attempt,
        Started = new DateTimeOffset(log.Started.UtcTicks / TimeSpan.TicksPerMillisecond * TimeSpan.TicksPerMillisecond, TimeSpan.Zero),
        Cell = CellOf(log.Cell),
        Subject = SubjectOf(log.Cell, log.Variant, log.Backend?.Digest),
        Evidence = log.Variant.Evidence,
        Source = log.Variant.Source,
        Model = log.Variant.Model,
        Backend = BackendOf(log),
        Machine = settings.Machine,
        Stages = log.Stages,
        Checks = log.Variant.QuantizeCheck is { } quantized ? [quantized, .. log.Checks] : log.Checks,
        Generations = log.Generations,
        Score = log.Score,
        Chat = log.Chat,
        Timings = TimingsOf(log, totalMilliseconds),
        Memory = log.Memory,
        PredictedMemory = log.Variant.Memory is { } memory && CellMemory.Of(memory, log.Cell.Cell, log.Options) is { } predicted ? Predictions.Record(predicted) : null,
        Quantization = log.Variant.Quantization,
        Perplexity = log.Perplexity,
        Command = CommandOf(log.Cell),
    });

    /// <summary>The receipt of a cell that is not tried, for a stated reason.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="variant">Its variant as far as it was prepared, or null.</param>
    /// <param name="reason">The reason.</param>
    /// <param name="attempt">Which try this is.</param>
    public Receipt Blocked(PlannedCell cell, PreparedVariant? variant, string reason, int attempt)
    {
        PreparedVariant known = variant ?? new PreparedVariant(
            [], null, [], null, Evidence.None, new SourceFacts(VariantPreparer.OriginOf(cell.Variant), cell.Variant.Model.Repository), null);
        var log = new CellLog(cell, known, null, attempt) { Options = OptionsOf(cell, known) };
        log.Stages.Add(new StageRecord(variant is null ? Stage.Resolve : Stage.Load, Outcome.Skipped, 0, reason));
        return Make(log, 0);
    }

    /// <summary>What a cell is tried on.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="variant">Its variant.</param>
    /// <param name="backendDigest">Digest of the backend's build, or null.</param>
    public Subject SubjectOf(PlannedCell cell, PreparedVariant variant, string? backendDigest) => new()
    {
        Files = variant.Files,
        Backend = cell.Cell.Backend.ToString(),
        BackendDigest = backendDigest,
        Hardware = cell.Cell.Hardware,
        PromptsDigest = new PromptSet(cell.Prompts).Digest,
        Options = OptionsOf(cell, variant),
    };

    /// <summary>The options of a cell, with the harness's choices filled in.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="variant">Its variant.</param>
    public Receipts.RunOptions OptionsOf(PlannedCell cell, PreparedVariant variant) =>
        new(cell.Options.ContextLength, "F16", cell.Options.Threads ?? settings.ThreadsFor(variant.Model?.FileBytes));

    /// <summary>A planned cell's coordinates as receipts write them.</summary>
    /// <param name="cell">The cell.</param>
    public static Receipts.Cell CellOf(PlannedCell cell) =>
        new(cell.Cell.Model, cell.Cell.Quant, cell.Cell.Backend.ToString(), cell.Cell.Hardware);

    private string CommandOf(PlannedCell cell) =>
        $"harness run --model {cell.Variant.Model.Reference ?? cell.Cell.Model} --quant {cell.Cell.Quant} --backend {cell.Cell.Backend} --hardware {cell.Cell.Hardware}{settings.CellCommandSuffix}";

    private static BackendFacts? BackendOf(CellLog log)
    {
        if (log.Hello is not { } identity) return null;
        return new BackendFacts(
            identity.Backend,
            identity.Version,
            identity.Build,
            log.Backend?.Distribution,
            log.Backend?.DistributionVersion,
            identity.Digest ?? log.Backend?.Digest,
            identity.InstructionSet,
            [.. identity.Devices.Select(d => new DeviceFacts(d.Api, d.Name, d.MemoryBytes))]);
    }

    private static TimingFacts? TimingsOf(CellLog log, double total)
    {
        if (log.Loaded is not { } loaded) return null;
        double prefill = log.Answers.Sum(a => a.Value.Generation.PrefillTime.TotalSeconds);
        double decode = log.Answers.Sum(a => a.Value.Generation.DecodeTime.TotalSeconds);
        // The first token of each answer comes out of the prefill.
        int decoded = log.Answers.Sum(a => Math.Max(0, a.Value.Generation.GeneratedTokens - 1));
        double worker = loaded.Value.LoadTime.TotalMilliseconds + ((prefill + decode) * 1e3)
            + (log.Scored?.Value.Scoring.EvaluationTime.TotalMilliseconds ?? 0);
        return new TimingFacts(
            Round(loaded.Value.LoadTime.TotalMilliseconds),
            Round(loaded.WallClock.TotalMilliseconds),
            log.Start is { } start ? Round(start.TotalMilliseconds) : null,
            log.Answers.Count > 0 && log.Answers[0].Value.TimeToFirstToken is { } first ? Round(first.TotalMilliseconds) : null,
            prefill > 0 ? Round(log.Answers.Sum(a => a.Value.Generation.PromptTokens) / prefill) : null,
            decode > 0 && decoded > 0 ? Round(decoded / decode) : null,
            Round(worker),
            total);
    }

    private static double Round(double value) => Math.Round(value, 3);
}
