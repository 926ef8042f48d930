using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;

namespace Harness.Receipts;

/// <summary>The JSON schemas (draft 2020-12) of what the harness writes, made from the types that write it.</summary>
public static class ReceiptSchema
{
    private static readonly JsonSchemaExporterOptions Options = new()
    {
        TreatNullObliviousAsNonNullable = true,
        TransformSchemaNode = static (context, node) =>
        {
            if (node is JsonObject o && context.TypeInfo.Type == typeof(double)) o["type"] = "number";
            return node;
        },
    };

    /// <summary>The schema of a line of <c>receipts.jsonl</c>.</summary>
    public static string Receipt() => Write("receipt", ReceiptJsonContext.Default.Receipt);

    /// <summary>The schema of a line of <c>comparisons.jsonl</c>.</summary>
    public static string Comparison() => Write("comparison", ReceiptJsonContext.Default.Comparison);

    private static string Write(string name, System.Text.Json.Serialization.Metadata.JsonTypeInfo type)
    {
        JsonNode node = type.GetJsonSchemaAsNode(Options);
        var schema = new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["title"] = $"harness {name}, schema version {Receipts.Receipt.CurrentSchemaVersion}",
        };
        foreach ((string key, JsonNode? value) in node.AsObject().ToArray()) schema[key] = value?.DeepClone();
        return schema.ToJsonString(IndentedOptions) + "\n";
    }

    private static readonly JsonSerializerOptions IndentedOptions = new() { WriteIndented = true, NewLine = "\n" };
}
