using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Harness.Formats.Gguf;

namespace Harness.Cli.OneModel;

/// <summary>Metadata values as JSON. What JSON has no number for (NaN, infinities) is its name as a text.</summary>
internal static class GgufJson
{
    /// <summary>For lines that people read: text as it is.</summary>
    public static JsonSerializerOptions Readable { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A value as JSON.</summary>
    public static JsonNode? Of(GgufValue value)
    {
        if (value.TryAsString(out string text)) return JsonValue.Create(text);
        if (value.TryAsBoolean(out bool truth)) return JsonValue.Create(truth);
        if (value.TryAsStrings(out GgufStringArray strings)) return new JsonArray([.. strings.AsStrings().Select(s => (JsonNode?)JsonValue.Create(s))]);
        if (value.TryAsBooleans(out ReadOnlyMemory<bool> truths)) return new JsonArray([.. truths.ToArray().Select(t => (JsonNode?)JsonValue.Create(t))]);
        if (value.TryAsArrays(out IReadOnlyList<GgufValue> arrays)) return new JsonArray([.. arrays.Select(Of)]);
        if (value.Type == GgufValueType.Array)
        {
            if (value.TryAsArray(out ReadOnlyMemory<long> whole)) return new JsonArray([.. whole.ToArray().Select(n => (JsonNode?)JsonValue.Create(n))]);
            if (value.TryAsArray(out ReadOnlyMemory<ulong> positive)) return new JsonArray([.. positive.ToArray().Select(n => (JsonNode?)JsonValue.Create(n))]);
            return value.TryAsArray(out ReadOnlyMemory<double> numbers) ? new JsonArray([.. numbers.ToArray().Select(Number)]) : null;
        }

        if (value.TryAsNumber(out long signed)) return JsonValue.Create(signed);
        if (value.TryAsNumber(out ulong unsigned)) return JsonValue.Create(unsigned);
        return value.TryAsNumber(out double number) ? Number(number) : null;
    }

    private static JsonNode Number(double number) =>
        double.IsFinite(number) ? JsonValue.Create(number) : JsonValue.Create(number.ToString(CultureInfo.InvariantCulture))!;
}
