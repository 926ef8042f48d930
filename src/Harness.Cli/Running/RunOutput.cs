using System.Text.Json;
using System.Text.Json.Serialization;
using Harness.Receipts.Verdicts;
using Harness.Reporting;
using Spectre.Console;

namespace Harness.Cli.Running;

/// <summary>What a run prints at its end: a table, or one JSON object.</summary>
internal static class RunOutput
{
    /// <summary>Prints the table, the reasons of what does not work, and where the report is.</summary>
    public static void Print(ReportView view, string report)
    {
        IAnsiConsole console = Terminal.Output();
        console.Write(CellTable.Make(view.Cells.Select(CellTable.Row)));
        foreach (IGrouping<(string Word, string Reason), CellView> group in view.Cells
            .Where(c => c.Verdict.Kind is not VerdictKind.Works).GroupBy(c => (c.Verdict.Word, c.Verdict.Reason)))
        {
            CellView first = group.First();
            string cells = group.Count() == 1 ? first.Cell.ToString() : $"{first.Cell} and {group.Count() - 1} more";
            console.MarkupLineInterpolated($"[bold]{group.Key.Word}[/] {cells}");
            console.MarkupLineInterpolated($"  {group.Key.Reason}");
            if (first.Cause is { } cause) console.MarkupLineInterpolated($"  cause: {cause}");
        }

        foreach (IGrouping<(string Word, string? Remark), CellView> group in view.Cells
            .Where(c => c.ChatRemark is not null && c.Chat != "no template").GroupBy(c => (c.Chat, c.ChatRemark)))
        {
            CellView first = group.First();
            string cells = group.Count() == 1 ? first.Cell.ToString() : $"{first.Cell} and {group.Count() - 1} more";
            console.MarkupLineInterpolated($"[bold]chat: {group.Key.Word}[/] {cells}");
            console.MarkupLineInterpolated($"  {group.Key.Remark}");
        }

        if (view.Cells.Any(c => c.Cause is not null)) console.MarkupLine("[dim]'harness explain' says what these causes mean and what to do.[/]");
        console.MarkupLineInterpolated($"[bold]{view.Summary.Line}[/]");
        // Never wrapped: it is to be copied.
        Console.WriteLine($"report: {report}");
    }

    /// <summary>Prints one JSON object and nothing else.</summary>
    public static void PrintJson(ReportView view, string report)
    {
        var run = new JsonRun(
            [.. view.Cells.Select(c => new JsonCell(
                c.Cell.Model, c.Cell.Quant, c.Cell.Backend, c.Cell.Hardware, c.Evidence == "–" ? null : c.Evidence,
                c.Verdict.Word, c.Verdict.Stage, c.Verdict.Reason, c.Chat == "–" ? null : c.Chat, c.ChatRemark, c.Command, c.Receipt))],
            new JsonSummary(view.Summary.Total, view.Summary.Counts.ToDictionary(v => v.Word, v => v.Count)),
            report);
        Console.WriteLine(JsonSerializer.Serialize(run, RunJson.Default.JsonRun));
    }
}

internal sealed record JsonRun(IReadOnlyList<JsonCell> Cells, JsonSummary Summary, string Report);

internal sealed record JsonSummary(int Total, IReadOnlyDictionary<string, int> Verdicts);

internal sealed record JsonCell(
    string Model, string Quant, string Backend, string Hardware, string? Evidence, string Verdict, string Stage, string Reason,
    string? Chat, string? ChatRemark, string Command, string? Receipt);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(JsonRun))]
internal sealed partial class RunJson : JsonSerializerContext;
