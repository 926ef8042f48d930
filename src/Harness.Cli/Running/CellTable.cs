using Harness.Receipts.Verdicts;
using Harness.Reporting;
using Spectre.Console;

namespace Harness.Cli.Running;

/// <summary>The table of cells as a terminal shows it.</summary>
internal static class CellTable
{
    /// <summary>Makes the table.</summary>
    /// <param name="rows">The rows.</param>
    public static Table Make(IEnumerable<CellRow> rows)
    {
        var table = new Table { Border = TableBorder.Rounded };
        foreach (string column in (string[])["Model", "Quant", "Backend", "Load", "Inference", "Chat", "Verdict"]) table.AddColumn(new TableColumn(column).NoWrap());
        table.AddColumn(new TableColumn("tok/s").RightAligned().NoWrap());
        foreach (CellRow row in rows)
        {
            table.AddRow(
                Text(row.Model), Text(row.Quant), Text(row.Hardware == "cpu" ? row.Backend : $"{row.Backend} {row.Hardware}"),
                Text(row.Load), Text(row.Inference), Text(row.Chat),
                row.Verdict is { } kind ? new Markup($"[{Colour(kind)}]{Markup.Escape(row.Status)}[/]") : new Markup($"[grey]{Markup.Escape(row.Status)}[/]"),
                Text(row.Speed));
        }

        return table;
    }

    /// <summary>A finished cell's row.</summary>
    /// <param name="cell">The cell.</param>
    public static CellRow Row(CellView cell) => new(
        cell.Cell.Model, cell.Cell.Quant, cell.Cell.Backend, cell.Cell.Hardware, cell.Load, cell.Inference, cell.Chat, cell.Verdict.Kind,
        cell.Verdict.Word, cell.Decode);

    private static Markup Text(string text) => new(Markup.Escape(text));

    private static string Colour(VerdictKind kind) => kind switch
    {
        VerdictKind.Works => "green",
        VerdictKind.Runs => "aqua",
        VerdictKind.Blocked or VerdictKind.Untested => "grey",
        VerdictKind.Differs => "yellow",
        _ => "red",
    };
}

/// <summary>A row of the table.</summary>
/// <param name="Model">Model.</param>
/// <param name="Quant">Quantization.</param>
/// <param name="Backend">Backend.</param>
/// <param name="Hardware">Hardware API.</param>
/// <param name="Load">How loading ended.</param>
/// <param name="Inference">How generating ended.</param>
/// <param name="Chat">How the chat check ended.</param>
/// <param name="Verdict">The verdict, or null while it is not known.</param>
/// <param name="Status">The verdict's word, or what is being done.</param>
/// <param name="Speed">Generated tokens a second.</param>
internal sealed record CellRow(
    string Model, string Quant, string Backend, string Hardware, string Load, string Inference, string Chat, VerdictKind? Verdict, string Status, string Speed);
