using System.Text.Json;
using System.Text.Json.Serialization;
using Harness.Reporting;
using Spectre.Console;

namespace Harness.Cli.Running;

/// <summary>What <c>harness report --page formats</c> prints: a table, or one JSON object.</summary>
internal static class FormatsOutput
{
    public static void Print(FormatsView view, string report, bool json)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(new JsonFormats(view.Backends, view.Rows, report), FormatsJson.Default.JsonFormats));
            return;
        }

        Table table = new Table().Border(TableBorder.Simple);
        foreach (string column in (string[])["quant", "decodes", "encodes", "bits", "error", "perplexity", .. view.Backends, "agreement", "probe's"])
            table.AddColumn(column);
        foreach (FormatRow row in view.Rows)
        {
            table.AddRow([.. new[] { row.Quant, row.Decodes, row.Encodes, row.Bits, row.Error, row.Perplexity }
                .Concat(row.Others).Append(row.Agreement).Append(row.ProbeAgreement).Select(Markup.Escape)]);
        }

        Terminal.Output().Write(table);
        Console.WriteLine($"report: {report}");
    }
}

internal sealed record JsonFormats(IReadOnlyList<string> Backends, IReadOnlyList<FormatRow> Formats, string Report);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(JsonFormats))]
internal sealed partial class FormatsJson : JsonSerializerContext;
