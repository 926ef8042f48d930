using System.Text.Json;
using System.Text.Json.Serialization;
using Harness.Reporting;
using Spectre.Console;

namespace Harness.Cli.Running;

/// <summary>What <c>harness report --page fit</c> prints: a table, or one JSON object.</summary>
internal static class FitTable
{
    public static void Print(FitView view, string report, bool json)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(new JsonFit(view.Count, view.Within, view.Backends, view.Rows, report), FitTableJson.Default.JsonFit));
            return;
        }

        Table table = new Table().Border(TableBorder.Simple);
        foreach (string column in (string[])["shape", "quant", "backend", "context", "predicted", "measured", "error", "within"])
            table.AddColumn(column);
        foreach (FitRow row in view.Rows)
            table.AddRow([.. new[] { row.Model, row.Quant, row.Backend, row.Context, row.Predicted, row.Measured, row.Error, row.Within }.Select(Markup.Escape)]);
        Terminal.Output().Write(table);
        Console.WriteLine($"{view.Within} of {view.Count} within 5 % or 64 MiB (sizes in MiB)");
        Console.WriteLine($"report: {report}");
    }
}

internal sealed record JsonFit(int Count, int Within, IReadOnlyList<FitBackend> Backends, IReadOnlyList<FitRow> Rows, string Report);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(JsonFit))]
internal sealed partial class FitTableJson : JsonSerializerContext;
