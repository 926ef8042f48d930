using Harness.Hub;
using Harness.Matrix;
using Harness.Receipts;
using Harness.Receipts.Comparisons;
using Harness.Receipts.Store;
using Harness.Receipts.Verdicts;
using Harness.Runner.Cells;
using Harness.Runner.Fit;
using Harness.Runner.Variants;
using Harness.Workers;

namespace Harness.Runner;

/// <summary>
/// Drives a plan: each variant through its stages once, each of its cells on a worker, a receipt on the disk after
/// every cell, and comparisons among the cells of a variant.
/// </summary>
/// <param name="settings">The run.</param>
/// <param name="hub">The hub.</param>
/// <param name="launcher">Starts workers.</param>
/// <param name="store">Where receipts go.</param>
/// <param name="backends">Gives a backend that can be started, or says why it cannot.</param>
/// <param name="progress">Hears how it goes.</param>
public sealed class MatrixRunner(
    RunnerSettings settings,
    HubClient hub,
    WorkerLauncher launcher,
    ReceiptStore store,
    IBackendSource backends,
    IRunProgress progress)
{
    private readonly CommittedReferences _references = CommittedReferences.Read(settings.CatalogueDirectory);

    /// <summary>Runs a plan.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="cancellation">Stops after killing the worker at hand; what is written stays, and the run can be resumed.</param>
    public async Task RunAsync(Plan plan, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(plan);
        store.Append(new RunRecord(
            settings.RunId, DateTimeOffset.UtcNow, settings.Machine, settings.Profile, settings.Redactor.Redact(settings.Command),
            [.. plan.Cells.Select(ReceiptWriter.CellOf)]));
        await using var pool = new WorkerPool(launcher);
        var writer = new ReceiptWriter(settings);
        var made = new MadeFiles(settings.Home, settings.ThreadsFor(null));
        var preparer = new VariantPreparer(hub, new VariantFiles(hub, made), settings, progress);
        var conversions = new ConversionRecorder(made, settings, store);
        var cells = new CellRunner(pool, store, writer, settings, progress);
        foreach (IGrouping<string, PlannedCell> variant in plan.Cells.GroupBy(c => c.Variant.Id))
        {
            cancellation.ThrowIfCancellationRequested();
            await conversions.RecordAsync(variant.First().Variant, cancellation).ConfigureAwait(false);
            await RunVariantAsync([.. variant], preparer, cells, writer, cancellation).ConfigureAwait(false);
        }
    }

    private async Task RunVariantAsync(
        PlannedCell[] planned, VariantPreparer preparer, CellRunner cells, ReceiptWriter writer, CancellationToken cancellation)
    {
        var runnable = new List<(PlannedCell Cell, BackendAtHand Backend)>();
        foreach (PlannedCell cell in planned)
        {
            string? reason = cell.Blocked?.ToString();
            if (reason is null)
            {
                (BackendAtHand? backend, reason) = await backends.FindAsync(cell, cancellation).ConfigureAwait(false);
                if (backend is not null) runnable.Add((cell, backend));
            }

            if (reason is not null) Write(cell, writer.Blocked(cell, null, reason, Attempt(cell)));
        }

        if (runnable.Count == 0) return;
        DateTimeOffset started = DateTimeOffset.UtcNow;
        PreparedVariant variant = await preparer.PrepareAsync(
            runnable[0].Cell.Variant, runnable.Max(r => r.Cell.Options.ContextLength),
            [.. runnable.Select(r => r.Cell.Cell.Backend.Engine).Distinct()], cancellation).ConfigureAwait(false);

        new QuantizationRecorder(settings, store).Record(runnable[0].Cell.Variant, variant, started);

        // The reference goes first: its ids are the ones every other backend is given.
        PlannedCell? reference = Reference(runnable.Select(r => r.Cell));
        Receipt? committed = reference is null ? _references.Find(writer.SubjectOf(runnable[0].Cell, variant, null)) : null;
        CanonicalIds? canonical = committed is null
            ? null
            : new CanonicalIds($"{committed.Cell.Backend} (committed)", [.. committed.Generations.Select(g => g.PromptIds.ToArray())]);
        var made = new List<Receipt>();
        foreach ((PlannedCell cell, BackendAtHand backend) in runnable.OrderBy(r => r.Cell != reference))
        {
            cancellation.ThrowIfCancellationRequested();
            if (Settled(writer.SubjectOf(cell, variant, backend.Digest)) is { } settled)
            {
                canonical ??= IdsOf(settled, cell);
                made.Add(settled);
                // The run before may have been killed between the receipt and its comparisons.
                Compare(made, settled, reference, committed);
                progress.CellDone(cell, settled, resumed: true);
                continue;
            }

            Receipt receipt;
            if (variant.Stages.Any(s => s.Outcome == Outcome.Failed))
            {
                receipt = writer.Make(new CellLog(cell, variant, backend, Attempt(cell)) { Options = writer.OptionsOf(cell, variant) }, 0);
            }
            else if (TooLarge(cell, variant, writer) is { } failure)
            {
                var log = new CellLog(cell, variant, backend, Attempt(cell)) { Options = writer.OptionsOf(cell, variant) };
                log.Stages.Add(new StageRecord(Stage.Fit, Outcome.Failed, 0, Failure: failure));
                receipt = writer.Make(log, 0);
            }
            else
            {
                (receipt, canonical) = await cells.RunAsync(cell, variant, backend, canonical, Attempt(cell), cancellation).ConfigureAwait(false);
            }

            made.Add(receipt);
            // Compared before it is announced, so that what is announced already has its verdict.
            store.Append(receipt);
            Compare(made, receipt, reference, committed);
            progress.CellDone(cell, receipt, resumed: false);
        }
    }

    /// <summary>Why a cell is not begun though another engine may hold the variant; null when it is.</summary>
    private FailureRecord? TooLarge(PlannedCell cell, PreparedVariant variant, ReceiptWriter writer) =>
        settings.AvailableMemoryBytes is { } available && variant.Memory is { } memory
        && CellMemory.Of(memory, cell.Cell, writer.OptionsOf(cell, variant)) is { } predicted && predicted.On(CellMemory.Cpu) > available
            ? new FailureRecord(FailureKind.Blocked, CellMemory.Words(predicted, available))
            : null;

    /// <summary>The verdict of a receipt, by the comparisons written so far.</summary>
    /// <param name="receipt">A receipt of this run's store.</param>
    public Verdict VerdictOf(Receipt receipt) => VerdictRules.Derive(receipt, store.Comparisons);

    private void Write(PlannedCell cell, Receipt receipt)
    {
        store.Append(receipt);
        progress.CellDone(cell, receipt, resumed: false);
    }

    private int Attempt(PlannedCell cell)
    {
        Receipts.Cell coordinates = ReceiptWriter.CellOf(cell);
        return 1 + store.Receipts.Count(r => r.Cell == coordinates);
    }

    /// <summary>The newest llama.cpp on the CPU, of the listed builds before the user's own, which are what is in question.</summary>
    private static PlannedCell? Reference(IEnumerable<PlannedCell> cells) =>
        cells.Where(c => c.Cell.Backend.Engine == "llama.cpp" && c.Cell.Hardware == "cpu").MaxBy(c => (c.Build.IsListed, c.Cell.Backend));

    private Receipt? Settled(Subject subject)
    {
        if (!settings.Resume || subject.Files.Count == 0) return null;
        IReadOnlyList<Comparison> comparisons = store.Comparisons;
        return store.Receipts.LastOrDefault(r =>
            r.Subject.Digest == subject.Digest && VerdictRules.IsSettled(VerdictRules.Derive(r, comparisons).Kind));
    }

    private static CanonicalIds? IdsOf(Receipt settled, PlannedCell cell) =>
        settled.Generations.Count == cell.Prompts.Count && settled.Generations.Count > 0
            ? new CanonicalIds(settled.Generations[0].IdsFrom, [.. settled.Generations.Select(g => g.PromptIds.ToArray())])
            : null;

    private void Compare(List<Receipt> made, Receipt receipt, PlannedCell? reference, Receipt? committed)
    {
        if (committed is not null && ReceiptComparer.Comparable(receipt, committed))
            store.Append(ReceiptComparer.Compare(receipt, committed, Logits));
        string? referenceBackend = reference?.Cell.Backend.ToString();
        foreach (Receipt other in made)
        {
            if (!ReceiptComparer.Comparable(receipt, other)) continue;
            if (other.Cell.Backend == referenceBackend) store.Append(ReceiptComparer.Compare(receipt, other, Logits));
            else if (EngineOf(other) != EngineOf(receipt)) store.Append(ReceiptComparer.Compare(receipt, other, Logits, peers: true));
        }
    }

    private float[]? Logits(string sha256) => store.Logits.Read(sha256) ?? _references.Logits(sha256);

    private static string EngineOf(Receipt receipt) => receipt.Cell.Backend.Split('@')[0];
}
