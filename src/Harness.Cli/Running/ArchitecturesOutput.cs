using System.Text.Json;
using System.Text.Json.Serialization;
using Harness.Reporting;
using Spectre.Console;

namespace Harness.Cli.Running;

/// <summary>What <c>harness report --page architectures</c> prints: a table, or one JSON object.</summary>
internal static class ArchitecturesOutput
{
    public static void Print(ArchitecturesView view, string report, bool json)
    {
        if (json)
        {
            var page = new JsonArchitectures(
                [.. view.Rows.Select(r => new JsonArchitecture(
                    r.Architecture,
                    r.Model,
                    view.Quants.Zip(r.Errors).ToDictionary(p => p.First.Name, p => p.Second),
                    view.Backends.Zip(r.Verdicts).ToDictionary(p => p.First, p => p.Second)))],
                [.. view.Refusals.Select(r => new JsonRefusal(r.Backend, r.Architecture, r.Model, r.Quants, r.Verdict, r.Message))],
                report);
            Console.WriteLine(JsonSerializer.Serialize(page, ArchitecturesJson.Default.JsonArchitectures));
            return;
        }

        IAnsiConsole console = Terminal.Output();
        Table table = new Table().Border(TableBorder.Simple).AddColumn("architecture").AddColumn("model");
        foreach (QuantColumn quant in view.Quants) table.AddColumn(new TableColumn($"NMSE {quant.Name}").RightAligned());
        foreach (string backend in view.Backends) table.AddColumn(backend);
        foreach (ArchitectureRow row in view.Rows)
            table.AddRow([.. new[] { row.Architecture, row.Model }.Concat(row.Errors).Concat(row.Verdicts).Select(Markup.Escape)]);
        console.Write(table);
        foreach (string line in view.Summary) console.MarkupLineInterpolated($"[bold]{line}[/]");
        // Never wrapped: it is to be copied.
        Console.WriteLine($"report: {report}");
    }
}

internal sealed record JsonArchitectures(
    IReadOnlyList<JsonArchitecture> Architectures, IReadOnlyList<JsonRefusal> Refusals, string Report);

internal sealed record JsonArchitecture(
    string Architecture, string Model, IReadOnlyDictionary<string, string> Errors, IReadOnlyDictionary<string, string> Verdicts);

internal sealed record JsonRefusal(string Backend, string Architecture, string Model, string Quants, string Verdict, string Message);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(JsonArchitectures))]
internal sealed partial class ArchitecturesJson : JsonSerializerContext;
