using System.Collections.Concurrent;
using Harness.Hub;
using Harness.Matrix;
using Harness.Receipts;
using Harness.Receipts.Verdicts;
using Harness.Reporting;
using Harness.Runner;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Harness.Cli.Running;

/// <summary>
/// Shows the table on stderr while it fills, on a terminal; elsewhere it shows nothing. What happens is only noted
/// here; a timer draws it, so that drawing never slows a run.
/// </summary>
internal sealed class LiveProgress(Plan plan) : IRunProgress, IProgress<string>
{
    private readonly ConcurrentDictionary<PlannedCell, CellRow> _rows = new(plan.Cells.Select(c => KeyValuePair.Create(c, Waiting(c))));
    private Func<Receipt, Verdict>? _judge;
    private volatile string _doing = "planning";
    private volatile PlannedCell? _current;

    /// <summary>Draws while work is done.</summary>
    /// <param name="judge">Gives verdicts.</param>
    /// <param name="work">The work.</param>
    public async Task DuringAsync(Func<Receipt, Verdict> judge, Func<Task> work)
    {
        _judge = judge;
        if (Console.IsErrorRedirected)
        {
            await work().ConfigureAwait(false);
            return;
        }

        IAnsiConsole console = Terminal.Error();
        await console.Live(Draw(console)).AutoClear(true).StartAsync(async live =>
        {
            Task task = work();
            while (!task.IsCompleted)
            {
                await Task.WhenAny(task, Task.Delay(120)).ConfigureAwait(false);
                live.UpdateTarget(Draw(console));
            }

            await task.ConfigureAwait(false);
        }).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void VariantStage(Variant variant, Stage stage)
    {
        _doing = $"{variant.Model.Id} {variant.Quant}: {Wire.Name(stage)}";
    }

    /// <inheritdoc/>
    public void Downloading(Variant variant, HubProgress progress)
    {
        double share = progress.Total > 0 ? 100.0 * progress.Done / progress.Total : 0;
        string rate = progress.BytesPerSecond > 0 ? $", {Words.Size((long)progress.BytesPerSecond)}/s" : "";
        _doing = string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"{Path.GetFileName(progress.Path)}: {Words.Size(progress.Done)} of {Words.Size(progress.Total)} ({share:0} %{rate}){(progress.Note is null ? "" : $", {progress.Note}")}");
    }

    /// <inheritdoc/>
    public void CellDoing(PlannedCell cell, string doing)
    {
        _current = cell;
        _doing = $"{cell.Cell}: {doing}";
        _rows[cell] = Waiting(cell) with { Status = doing };
    }

    /// <inheritdoc/>
    public void CellDone(PlannedCell cell, Receipt receipt, bool resumed)
    {
        Verdict verdict = _judge!(receipt);
        _rows[cell] = Waiting(cell) with
        {
            Load = Words.StageWord(receipt.Stages.FirstOrDefault(s => s.Stage == Stage.Load)?.Outcome),
            Inference = Words.StageWord(receipt.Checks.FirstOrDefault(c => c.Check == Check.Generate)?.Outcome),
            Chat = Words.ChatWord(receipt),
            Verdict = verdict.Kind,
            Status = verdict.Word,
            Speed = Words.Rate(receipt.Timings?.DecodeTokensPerSecond),
        };
    }

    /// <inheritdoc/>
    public void Report(string value) => _doing = value;

    private static CellRow Waiting(PlannedCell cell) => new(
        cell.Cell.Model, cell.Cell.Quant, cell.Cell.Backend.ToString(), cell.Cell.Hardware, "", "", "", null, "", "");

    private Rows Draw(IAnsiConsole console)
    {
        // What does not fit the terminal would scroll it: the rows around the one at work are shown.
        int room = Math.Max(4, console.Profile.Height - 8);
        int at = _current is { } current ? plan.Cells.TakeWhile(c => c != current).Count() : 0;
        int first = Math.Clamp(at - (room / 2), 0, Math.Max(0, plan.Cells.Count - room));
        int done = _rows.Values.Count(r => r.Verdict is not null);
        IRenderable table = CellTable.Make(plan.Cells.Skip(first).Take(room).Select(c => _rows[c]));
        return new Rows(table, new Markup($"[grey]{done} of {plan.Cells.Count}[/] {Markup.Escape(_doing)}"));
    }
}
