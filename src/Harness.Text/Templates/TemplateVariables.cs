using System.Globalization;
using System.Numerics;
using System.Text.Json;

namespace Harness.Text.Templates;

/// <summary>What a template is given: <c>messages</c> and <c>tools</c>, the tokens' texts, and whatever else it asks for.</summary>
public sealed class TemplateVariables
{
    private const int DeepestJson = 256;

    private readonly Dictionary<string, object?> _values;

    private TemplateVariables(Dictionary<string, object?> values) => _values = values;

    /// <summary>No variables.</summary>
    public static TemplateVariables Empty { get; } = new(new(StringComparer.Ordinal));

    internal IReadOnlyDictionary<string, object?> Values => _values;

    /// <summary>Takes the fields of a JSON object, in their order, integers of any size.</summary>
    /// <param name="json">UTF-8.</param>
    /// <exception cref="JsonException">It is no JSON, or no object.</exception>
    public static TemplateVariables FromJson(ReadOnlySpan<byte> json)
    {
        if (json.StartsWith("\uFEFF"u8)) json = json[3..];
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = DeepestJson });
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject) throw new JsonException("a JSON object is needed, as {\"messages\": […]}");
        var read = (PyDict)Read(ref reader)!;
        if (reader.Read()) throw new JsonException("more follows the JSON object");
        return new(read.Entries.ToDictionary(entry => (string)entry.Key!, entry => entry.Value, StringComparer.Ordinal));
    }

    /// <summary>These with one more text.</summary>
    public TemplateVariables With(string name, string value) => WithValue(name, value);

    /// <summary>These with one more flag.</summary>
    public TemplateVariables With(string name, bool value) => WithValue(name, PyTruth.Box(value));

    /// <summary>Whether there is a variable of that name.</summary>
    public bool Has(string name) => _values.ContainsKey(name);

    /// <summary>Whether the variable is a list, as <c>messages</c> must be.</summary>
    public bool IsList(string name) => _values.TryGetValue(name, out object? value) && value is PyList;

    internal TemplateVariables WithValue(string name, object? value) => new(new Dictionary<string, object?>(_values, StringComparer.Ordinal) { [name] = value });

    private static object? Read(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.Null: return null;
            case JsonTokenType.True: return PyTruth.True;
            case JsonTokenType.False: return PyTruth.False;
            case JsonTokenType.String: return reader.GetString();
            case JsonTokenType.Number: return Number(ref reader);
            case JsonTokenType.StartArray:
                var items = new List<object?>();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) items.Add(Read(ref reader));
                return new PyList(items);
            default:
                var dict = new PyDict();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
                {
                    string key = reader.GetString()!;
                    reader.Read();
                    dict.Set(key, Read(ref reader));
                }

                return dict;
        }
    }

    private static object Number(ref Utf8JsonReader reader)
    {
        if (reader.TryGetInt64(out long small)) return small;
        if (reader.ValueSpan.IndexOfAny((byte)'.', (byte)'e', (byte)'E') >= 0) return reader.GetDouble();
        return reader.ValueSpan.Length <= PyNumber.MaximumDigits
            ? PyNumber.Normal(BigInteger.Parse(System.Text.Encoding.ASCII.GetString(reader.ValueSpan), CultureInfo.InvariantCulture))
            : throw new JsonException($"an integer has more than {PyNumber.MaximumDigits} digits");
    }
}
