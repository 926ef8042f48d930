using System.Text.Json;
using System.Text.Json.Serialization;
using Harness.Receipts;
using Harness.Reporting;
using Spectre.Console;

namespace Harness.Cli.Running;

/// <summary>Prints explanations.</summary>
internal static partial class ExplainOutput
{
    private const int IdLength = 12;
    private const int OthersShown = 4;

    /// <summary>For people: what has one cause stands together, with the words of the first.</summary>
    public static void Print(IReadOnlyList<Explanation> explanations, IReadOnlyList<Receipt> asked, CauseMatcher matcher, string from)
    {
        IAnsiConsole console = Terminal.Output();
        if (explanations.Count == 0)
        {
            string what = asked.Count == 1 ? $"{asked[0].Cell}: {matcher.VerdictOf(asked[0]).Word}. " : "";
            console.WriteLine($"{what}Nothing went wrong in {asked.Count} {(asked.Count == 1 ? "receipt" : "receipts")} of {from}.");
            return;
        }

        foreach (IGrouping<string, Explanation> group in explanations.GroupBy(e => e.Cause?.Id ?? e.Symptom.Message))
        {
            Explanation first = group.First();
            console.MarkupLineInterpolated($"[bold]{first.Title}[/] [dim]({first.Cause?.Id ?? "unexplained"})[/]");
            Line(console, "cell", $"{first.Receipt.Cell}: {first.Verdict.Word}, receipt {Short(first.Receipt.Id)}");
            foreach (EvidenceLine line in first.Evidence)
            {
                foreach (string quoted in line.Quote.Split('\n'))
                    Line(console, line.Where, $"“{quoted}”");
            }

            Line(console, "means", first.Meaning);
            Line(console, "do", first.Advice);
            foreach (string link in first.Cause?.Links ?? []) Line(console, "see", link);
            if (group.Count() > 1) Line(console, "also", Others([.. group.Skip(1)]));
            console.WriteLine();
        }
    }

    /// <summary>A JSON array.</summary>
    public static void PrintJson(IReadOnlyList<Explanation> explanations) => Console.Out.WriteLine(JsonSerializer.Serialize(
        explanations.Select(e => new Json(
            e.Receipt.Id, e.Receipt.Cell.Model, e.Receipt.Cell.Quant, e.Receipt.Cell.Backend, e.Receipt.Cell.Hardware, e.Verdict.Word, e.Cause?.Id, e.Title,
            e.Symptom.Kind, e.Symptom.Stage, e.Evidence, e.Meaning, e.Advice, e.Cause?.Links ?? [])).ToArray(),
        ExplainJson.Default.JsonArray));

    /// <summary>The other cells of a cause, some of them by name.</summary>
    private static string Others(Explanation[] others)
    {
        string names = string.Join("; ", others.Take(OthersShown).Select(e => $"{e.Receipt.Cell.Model} {e.Receipt.Cell.Quant} {e.Receipt.Cell.Backend} ({Short(e.Receipt.Id)})"));
        return others.Length <= OthersShown ? names : $"{names}; and {others.Length - OthersShown} more: 'harness explain RECEIPT' says the same of each, with its own words";
    }

    private static void Line(IAnsiConsole console, string name, string text)
    {
        var grid = new Grid().AddColumn(new GridColumn().NoWrap().Width(9).PadLeft(2).PadRight(1)).AddColumn(new GridColumn().PadLeft(0).PadRight(0));
        grid.AddRow(new Spectre.Console.Text(name), new Spectre.Console.Text(text));
        console.Write(grid);
    }

    private static string Short(string id) => id.Length > IdLength ? id[..IdLength] : id;

    /// <summary>The JSON's shape.</summary>
    internal sealed record Json(
        string Receipt, string Model, string Quant, string Backend, string Hardware, string Verdict, string? Cause, string Title, string Kind, string Stage,
        IReadOnlyList<EvidenceLine> Evidence, string Means, string Do, IReadOnlyList<string> Links);

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
    [JsonSerializable(typeof(Json[]))]
    private sealed partial class ExplainJson : JsonSerializerContext;
}
