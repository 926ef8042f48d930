using System.Globalization;
using Harness.Matrix;
using Spectre.Console;
using Words = Spectre.Console.Text;

namespace Harness.Cli.Planning;

/// <summary>A plan as a table: drawn to the width of a terminal, plain columns when piped.</summary>
internal static class PlanTable
{
    private static readonly string[] Headings = ["Model", "Quant", "Backend", "Hardware", "Plan", ""];

    /// <summary>Writes the table and its summary.</summary>
    /// <param name="chosen">The plan.</param>
    /// <param name="cells">Whether every cell has a row, however many there are.</param>
    public static void Write(ChosenPlan chosen, bool cells)
    {
        if (!cells && chosen.Plan.Cells.Count > PlanOverview.Readable)
        {
            PlanOverview.Write(chosen);
            foreach (string note in PlanNotes.Together(chosen)) Console.Out.WriteLine(note);
            Console.Out.WriteLine(Summary(chosen.Plan) + "; --cells tells each");
            return;
        }

        if (Console.IsOutputRedirected) WritePlain(chosen, Console.Out);
        else WriteDrawn(chosen, AnsiConsole.Console);
    }

    private static void WriteDrawn(ChosenPlan chosen, IAnsiConsole console)
    {
        Table table = new() { Border = TableBorder.Simple };
        // The last heading is for the piped form, where each line must stand alone: here reasons stand below, numbered.
        foreach (string heading in Headings[..^1]) table.AddColumn(new TableColumn(new Words(heading)).NoWrap());

        List<string> reasons = [];
        Variant? previous = null;
        foreach (PlannedCell planned in chosen.Plan.Cells)
        {
            bool sameVariant = ReferenceEquals(planned.Variant, previous);
            previous = planned.Variant;
            table.AddRow(
                new Words(sameVariant ? "" : planned.Cell.Model),
                new Words(sameVariant ? "" : planned.Cell.Quant),
                new Words(planned.Cell.Backend.ToString()),
                new Words(planned.Cell.Hardware),
                planned.Blocked is { } blocked
                    ? new Words(string.Create(CultureInfo.InvariantCulture, $"blocked ({Number(reasons, blocked.ToString())})"), new Style(Color.Yellow))
                    : new Words("try", new Style(Color.Green)));
        }

        console.Write(table);
        for (int i = 0; i < reasons.Count; i++) console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"({i + 1}) {reasons[i]}"));
        foreach (string note in PlanNotes.Together(chosen)) console.WriteLine(note);
        console.WriteLine(Summary(chosen.Plan));
    }

    private static int Number(List<string> reasons, string reason)
    {
        int known = reasons.IndexOf(reason);
        if (known >= 0) return known + 1;
        reasons.Add(reason);
        return reasons.Count;
    }

    private static void WritePlain(ChosenPlan chosen, TextWriter output)
    {
        string[][] rows = chosen.Plan.Cells.Select(planned => new[]
        {
            planned.Cell.Model, planned.Cell.Quant, planned.Cell.Backend.ToString(), planned.Cell.Hardware, Word(planned), PlanNotes.Of(planned, chosen.Facts),
        }).Prepend(Headings).ToArray();
        int[] widths = new int[Headings.Length];
        foreach (string[] row in rows)
        {
            for (int i = 0; i < row.Length; i++) widths[i] = Math.Max(widths[i], row[i].Length);
        }

        foreach (string[] row in rows)
            output.WriteLine(string.Join("  ", row.Select((text, i) => text.PadRight(widths[i]))).TrimEnd());
        output.WriteLine();
        output.WriteLine(Summary(chosen.Plan));
    }

    private static string Word(PlannedCell planned) => planned.Blocked is null ? "try" : "blocked";

    private static string Summary(Plan plan)
    {
        int cells = plan.Cells.Count, blocked = cells - plan.ToTry;
        string part = plan.Shard is { } shard ? $" in part {shard}" : "";
        return $"{cells} cell{(cells == 1 ? "" : "s")}{part}: {plan.ToTry} to try, {blocked} blocked";
    }
}
