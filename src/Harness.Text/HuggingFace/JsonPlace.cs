using System.Globalization;
using System.Text.Json;

namespace Harness.Text.HuggingFace;

/// <summary>A value of a <c>tokenizer.json</c> and where it stands, so that a fault can be named.</summary>
internal readonly struct JsonPlace(JsonElement element, string path)
{
    /// <summary>The value.</summary>
    public JsonElement Element { get; } = element;

    /// <summary>Where it stands, as <c>model.vocab</c>.</summary>
    public string Path { get; } = path;

    /// <summary>The value of <c>type</c>.</summary>
    public string Type => Text("type") ?? throw Error("there is no \"type\"");

    /// <summary>A member that is there and not null.</summary>
    public bool TryGet(string name, out JsonPlace value)
    {
        bool found = Element.ValueKind == JsonValueKind.Object && Element.TryGetProperty(name, out JsonElement child)
            && child.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined);
        value = found ? new JsonPlace(Element.GetProperty(name), Path.Length == 0 ? name : $"{Path}.{name}") : default;
        return found;
    }

    /// <summary>A member that must be there.</summary>
    public JsonPlace Get(string name) => TryGet(name, out JsonPlace value) ? value : throw Error($"there is no \"{name}\"");

    /// <summary>A string, or null where there is none.</summary>
    public string? Text(string name) => TryGet(name, out JsonPlace value) ? value.AsText() : null;

    /// <summary>A truth value.</summary>
    public bool Flag(string name, bool byDefault = false)
    {
        if (!TryGet(name, out JsonPlace value))
            return byDefault;
        return value.Element.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw value.Error("this is neither true nor false"),
        };
    }

    /// <summary>A whole number, or null where there is none.</summary>
    public int? Number(string name) => TryGet(name, out JsonPlace value) ? value.AsId() : null;

    /// <summary>This as a string.</summary>
    public string AsText()
    {
        try
        {
            return Element.ValueKind == JsonValueKind.String ? Element.GetString()! : throw Error("this is no string");
        }
        catch (InvalidOperationException)
        {
            throw Error("this string holds half a surrogate pair");
        }
    }

    /// <summary>This as a number from 0 up.</summary>
    public int AsId() =>
        Element.ValueKind == JsonValueKind.Number && Element.TryGetInt32(out int value) && value >= 0
            ? value
            : throw Error("this is no whole number from 0 to 2147483647");

    /// <summary>This as a number.</summary>
    public double AsNumber() =>
        Element.ValueKind == JsonValueKind.Number && Element.TryGetDouble(out double value) && double.IsFinite(value)
            ? value
            : throw Error("this is no number");

    /// <summary>The elements of this array.</summary>
    public IEnumerable<JsonPlace> Items()
    {
        if (Element.ValueKind != JsonValueKind.Array)
            throw Error("this is no array");
        string path = Path;
        return Element.EnumerateArray().Select((e, i) => new JsonPlace(e, $"{path}[{i.ToString(CultureInfo.InvariantCulture)}]"));
    }

    /// <summary>The members of this object.</summary>
    public IEnumerable<JsonProperty> Members() =>
        Element.ValueKind == JsonValueKind.Object ? Element.EnumerateObject() : throw Error("this is no object");

    /// <summary>A fault at this place.</summary>
    public TokenizerException Error(string what) =>
        new($"The tokenizer.json is not usable: {(Path.Length == 0 ? "the file" : Path)}: {what}.");

    /// <summary>Something that is not known here.</summary>
    public TokenizerException Unknown(string kind) => Error($"the {kind} \"{Type}\" is not supported");
}
