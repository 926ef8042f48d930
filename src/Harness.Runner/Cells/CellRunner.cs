using System.Diagnostics;
using Harness.Matrix;
using Harness.Receipts;
using Harness.Receipts.Store;
using Harness.Runner.Variants;
using Harness.Workers;

namespace Harness.Runner.Cells;

/// <summary>Tries one cell on a worker and writes down what it saw.</summary>
/// <param name="pool">Workers.</param>
/// <param name="store">Where logits are kept.</param>
/// <param name="receipts">Makes receipts.</param>
/// <param name="settings">The run.</param>
/// <param name="progress">Hears how it goes.</param>
internal sealed class CellRunner(
    WorkerPool pool, ReceiptStore store, ReceiptWriter receipts, RunnerSettings settings, IRunProgress progress)
{
    /// <summary>Tries a cell.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="variant">Its variant, verified.</param>
    /// <param name="backend">How its worker is started, and what is known of its build.</param>
    /// <param name="canonical">The ids to use; null when this backend is the first to tokenize.</param>
    /// <param name="attempt">Which try this is.</param>
    /// <param name="cancellation">Kills the worker; nothing is written then.</param>
    /// <returns>The receipt, not yet written, and the ids used.</returns>
    public async Task<(Receipt Receipt, CanonicalIds? Ids)> RunAsync(
        PlannedCell cell, PreparedVariant variant, BackendAtHand backend, CanonicalIds? canonical, int attempt, CancellationToken cancellation)
    {
        var log = new CellLog(cell, variant, backend, attempt) { Options = receipts.OptionsOf(cell, variant) };
        long start = Stopwatch.GetTimestamp();
        if (cell.Build.IsBuiltIn && variant.UnsupportedByBuiltin is { } unsupported)
        {
            // Known from the header: no weight is read.
            log.Stages.Add(new StageRecord(Stage.Load, Outcome.Failed, 0, Failure: new FailureRecord(FailureKind.Unsupported, unsupported)));
            return (receipts.Make(log, 0), canonical);
        }

        bool share = variant.Evidence == Evidence.Probe && variant.Source.Origin == Origin.Forged;
        Worker? worker = null;
        bool healthy = false;
        try
        {
            progress.CellDoing(cell, "start");
            worker = await pool.AcquireAsync(backend.Command, Limits(cell.Options), share, cancellation).ConfigureAwait(false);
            log.Hello = worker.Hello.Identity;
            log.Start = worker.Start;
            canonical = await AskAsync(log, worker.Session, canonical, cancellation).ConfigureAwait(false);
            healthy = log.Healthy;
        }
        catch (WorkerException e)
        {
            log.Stages.Add(new StageRecord(
                Stage.Load, Outcome.Failed, Math.Round(Stopwatch.GetElapsedTime(start).TotalMilliseconds, 3),
                Failure: Failures.Of(e.Failure)));
        }
        finally
        {
            if (worker is not null)
            {
                WorkerEnd? end = await pool.ReleaseAsync(worker, healthy && !cancellation.IsCancellationRequested).ConfigureAwait(false);
                // A process that served several models says nothing of this one.
                if (end?.Peak is { } peak && !worker.Share) log.Memory = new MemoryFacts(peak.Bytes, peak.Source);
            }
        }

        return (receipts.Make(log, Math.Round(Stopwatch.GetElapsedTime(start).TotalMilliseconds, 3)), canonical);
    }

    private async Task<CanonicalIds?> AskAsync(CellLog log, WorkerSession session, CanonicalIds? canonical, CancellationToken cancellation)
    {
        PlannedCell cell = log.Cell;
        progress.CellDoing(cell, "load");
        long start = Stopwatch.GetTimestamp();
        try
        {
            Answer<LoadedModel> loaded = await session.LoadAsync(
                new LoadRequest(log.Variant.Path!, cell.Options.ContextLength, cell.Cell.Hardware, log.Options.Threads), cancellation).ConfigureAwait(false);
            log.Loaded = loaded;
            log.Stages.Add(new StageRecord(Stage.Load, Outcome.Ok, Milliseconds(loaded.WallClock)));
        }
        catch (WorkerException e)
        {
            log.Healthy = e.Failure.Cause == WorkerFailureCause.Reported;
            log.Stages.Add(new StageRecord(
                Stage.Load, Outcome.Failed, Milliseconds(Stopwatch.GetElapsedTime(start)), Failure: Failures.Of(e.Failure)));
            return canonical;
        }

        canonical = await TokenizeAsync(log, session, canonical, cancellation).ConfigureAwait(false);
        if (canonical is null) return null;
        await GenerateAsync(log, session, canonical, cancellation).ConfigureAwait(false);
        await ScoreAsync(log, session, canonical, cancellation).ConfigureAwait(false);
        if (log.Healthy && log.Cell.Options.PerplexityText is { } text && log.Variant.Evidence == Evidence.Trained)
            await new PerplexityMeasure(session, store.Logits).MeasureAsync(log, text, cancellation).ConfigureAwait(false);
        if (cell.Conversation is { } conversation)
        {
            progress.CellDoing(cell, "chat");
            await new ChatCheck(log, session).RunAsync(conversation, cancellation).ConfigureAwait(false);
        }

        return canonical;
    }

    private async Task<CanonicalIds?> TokenizeAsync(CellLog log, WorkerSession session, CanonicalIds? canonical, CancellationToken cancellation)
    {
        progress.CellDoing(log.Cell, "tokenize");
        long start = Stopwatch.GetTimestamp();
        var own = new List<int[]>();
        FailureRecord? failure = null;
        string? remark = null;
        try
        {
            for (int i = 0; i < log.Cell.Prompts.Count; i++)
            {
                PromptEntry prompt = log.Cell.Prompts[i];
                if (prompt.Ids is { } given)
                {
                    own.Add([.. given]);
                    continue;
                }

                Answer<int[]> ids = await session.TokenizeAsync(prompt.Text!, addSpecial: true, parseSpecial: false, cancellation).ConfigureAwait(false);
                own.Add(ids.Value);
                if (canonical is not null && failure is null && !ids.Value.AsSpan().SequenceEqual(canonical.Prompts[i]))
                    failure = new FailureRecord(FailureKind.Error, Describe(prompt, ids.Value, canonical.Prompts[i], canonical.From));
            }

            canonical ??= new CanonicalIds(log.Cell.Cell.Backend.ToString(), own);
            remark = canonical.From == log.Cell.Cell.Backend.ToString() ? "its ids are the canonical ones" : $"same ids as {canonical.From}";
        }
        catch (WorkerException e)
        {
            failure = Failures.Of(e.Failure);
            log.Healthy &= e.Failure.Cause == WorkerFailureCause.Reported;
            // Without a tokenizer of its own it can still be asked with ids given by the reference.
            if (!log.Healthy || canonical is null)
            {
                log.Checks.Add(new CheckRecord(Check.Tokenize, Outcome.Failed, Milliseconds(Stopwatch.GetElapsedTime(start)), Failure: failure));
                log.Checks.Add(new CheckRecord(Check.Generate, Outcome.Failed, 0, Failure: failure));
                return null;
            }
        }

        log.Checks.Add(failure is null
            ? new CheckRecord(Check.Tokenize, Outcome.Ok, Milliseconds(Stopwatch.GetElapsedTime(start)), remark)
            : new CheckRecord(Check.Tokenize, Outcome.Failed, Milliseconds(Stopwatch.GetElapsedTime(start)), Failure: failure));
        return canonical;
    }

    private async Task GenerateAsync(CellLog log, WorkerSession session, CanonicalIds canonical, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < log.Cell.Prompts.Count && log.Healthy; i++)
        {
            PromptEntry prompt = log.Cell.Prompts[i];
            progress.CellDoing(log.Cell, $"generate {i + 1}/{log.Cell.Prompts.Count}");
            int room = log.Loaded!.Value.ContextLength - canonical.Prompts[i].Length;
            if (canonical.Prompts[i].Length == 0 || room < 1) continue;
            try
            {
                Answer<GeneratedTokens> answer = await session.GenerateAsync(
                    new GenerateRequest(canonical.Prompts[i], Math.Min(prompt.MaxTokens, room), TopLogProbabilities: 2),
                    cancellation: cancellation).ConfigureAwait(false);
                log.Generations.Add(Generations.Record(prompt, canonical, i, answer, log.Variant.Evidence));
                log.Answers.Add(answer);
            }
            catch (WorkerException e)
            {
                log.Healthy &= e.Failure.Cause == WorkerFailureCause.Reported;
                log.Checks.Add(new CheckRecord(
                    Check.Generate, Outcome.Failed, Milliseconds(Stopwatch.GetElapsedTime(start)), $"at prompt {prompt.Id}", Failures.Of(e.Failure)));
                return;
            }
        }

        log.Checks.Add(log.Generations.Count > 0
            ? new CheckRecord(Check.Generate, Outcome.Ok, Milliseconds(Stopwatch.GetElapsedTime(start)), $"{log.Generations.Count} prompts")
            : new CheckRecord(Check.Generate, Outcome.Skipped, 0, "no prompt applies to this model, or none fits its context"));
    }

    private async Task ScoreAsync(CellLog log, WorkerSession session, CanonicalIds canonical, CancellationToken cancellation)
    {
        if (!log.Healthy)
        {
            log.Checks.Add(new CheckRecord(Check.Score, Outcome.Skipped, 0, "the worker had ended"));
            return;
        }

        progress.CellDoing(log.Cell, "score");
        int[] ids = PromptSet.ScoreIds(canonical.Prompts, log.Loaded!.Value.VocabularySize, log.Loaded.Value.ContextLength);
        Directory.CreateDirectory(store.Logits.Folder);
        string path = store.Logits.PathForNew();
        try
        {
            Answer<ScoredTokens> scored = await session.ScoreAsync(ids, path, cancellation: cancellation).ConfigureAwait(false);
            if (scored.Value.LogitsPath is null)
            {
                log.Checks.Add(new CheckRecord(Check.Score, Outcome.Skipped, Milliseconds(scored.WallClock), "the backend gives no raw logits"));
                return;
            }

            log.Scored = scored;
            log.Score = new ScoreRecord(
                ids, scored.Value.Scoring.VocabularySize, store.Logits.Take(path),
                Milliseconds(scored.Value.Scoring.EvaluationTime), Milliseconds(scored.WallClock));
            log.Checks.Add(new CheckRecord(Check.Score, Outcome.Ok, Milliseconds(scored.WallClock), $"{ids.Length} positions"));
        }
        catch (WorkerException e)
        {
            log.Healthy &= e.Failure.Cause == WorkerFailureCause.Reported;
            log.Checks.Add(new CheckRecord(Check.Score, Outcome.Failed, 0, Failure: Failures.Of(e.Failure)));
        }
        finally
        {
            if (File.Exists(path)) File.Delete(path);
        }
    }

    private static string Describe(PromptEntry prompt, int[] ids, int[] reference, string from)
    {
        int at = 0;
        while (at < ids.Length && at < reference.Length && ids[at] == reference[at]) at++;
        string mine = at < ids.Length ? ids[at].ToString(System.Globalization.CultureInfo.InvariantCulture) : "the end";
        string theirs = at < reference.Length ? reference[at].ToString(System.Globalization.CultureInfo.InvariantCulture) : "the end";
        return $"ids of '{prompt.Id}' differ from {from} at {at}: {mine}, not {theirs} ({ids.Length} ids, not {reference.Length})";
    }

    private WorkerLimits Limits(Matrix.RunOptions options) => new()
    {
        Load = options.LoadTimeout,
        Request = options.GenerateTimeout,
        Silence = options.SilenceTimeout,
        ResidentBytes = options.MemoryLimitBytes ?? settings.AvailableMemoryBytes,
    };

    private static double Milliseconds(TimeSpan time) => Math.Round(time.TotalMilliseconds, 3);
}
