using System.Globalization;
using System.Text.Json;

namespace Harness.Conversion.Source;

/// <summary>
/// A model's <c>config.json</c>. Fields of <c>text_config</c>, as models that see have it, stand beside those of the top and
/// go before them. A field that is null counts as absent.
/// </summary>
internal sealed class ModelConfig
{
    public const string FileName = "config.json";

    private const string Step = "read config.json";
    private const long LongestFile = 16 << 20;

    private static readonly string[] TextFields = ["text_config", "llm_config", "language_config"];

    private readonly JsonElement root;
    private readonly JsonElement? text;
    private readonly JsonElement? defaults;

    private ModelConfig(string path, JsonElement root, JsonElement? defaults = null)
    {
        this.defaults = defaults;
        FilePath = path;
        this.root = root;
        text = TextFields.Select(f => root.TryGetProperty(f, out JsonElement t) && t.ValueKind == JsonValueKind.Object ? t : (JsonElement?)null).FirstOrDefault(t => t is not null);
        Classes = Names(root) is { Length: > 0 } names ? names : text is { } inner ? Names(inner) : [];
    }

    /// <summary>The file.</summary>
    public string FilePath { get; }

    /// <summary>What <c>architectures</c> says: class names of the transformers library.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <summary>What <c>model_type</c> says, of the text model where there is one.</summary>
    public string? ModelType => TryText("model_type");

    /// <summary>Reads the file of a directory.</summary>
    /// <exception cref="ConversionException">There is none, or it is not a JSON object.</exception>
    public static ModelConfig Read(string directory) => new(Path.Combine(directory, FileName), ReadObject(directory, FileName, Step)!.Value);

    /// <summary>The same with values for fields that it lacks.</summary>
    /// <param name="json">A JSON object, or null for none.</param>
    public ModelConfig WithDefaults(string? json) => json is null ? this : new(FilePath, root, JsonElement.Parse(json));

    /// <summary>Reads a JSON object of a directory.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="name">The file's name.</param>
    /// <param name="step">What is being done.</param>
    /// <param name="optional">Whether null stands for a file that is not there.</param>
    /// <param name="longest">How many bytes it may have.</param>
    /// <exception cref="ConversionException">There is none, or it is not a JSON object.</exception>
    public static JsonElement? ReadObject(string directory, string name, string step, bool optional = false, long longest = LongestFile)
    {
        string path = Path.Combine(directory, name);
        if (!File.Exists(path))
        {
            return optional ? null : throw OtherDirectories.Explain(directory, name, step);
        }

        if (new FileInfo(path).Length > longest)
            throw new ConversionException(step, $"{name} is longer than {(longest >> 20).ToString(CultureInfo.InvariantCulture)} MiB", path, "Download it again.");
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { MaxDepth = 64, AllowTrailingCommas = true });
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.Clone()
                : throw new ConversionException(step, $"{name} is not a JSON object", path, "Download it again.");
        }
        catch (JsonException exception)
        {
            throw new ConversionException(step, $"{name} is not JSON: {exception.Message}", path, "Download it again.", exception);
        }
    }

    /// <summary>A length that must be there, under the first of the names that is.</summary>
    /// <exception cref="ConversionException">It is absent, or no whole number from 1 to 2³¹ − 1.</exception>
    public Dim Length(params ReadOnlySpan<string> names) => TryLength(names) ?? throw Missing(names);

    /// <summary>A length, or null when no name is there.</summary>
    /// <exception cref="ConversionException">It is no whole number from 1 to 2³¹ − 1.</exception>
    public Dim? TryLength(params ReadOnlySpan<string> names)
    {
        if (Find(names, out string name) is not { } value)
            return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long length) && length is > 0 and <= int.MaxValue
            ? new Dim(length, name)
            : throw Wrong(name, value, "a whole number from 1 on");
    }

    /// <summary>A whole number, or null; 0 and less are allowed.</summary>
    /// <exception cref="ConversionException">It is something else.</exception>
    public long? TryWhole(params ReadOnlySpan<string> names)
    {
        if (Find(names, out string name) is not { } value)
            return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long whole) ? whole : throw Wrong(name, value, "a whole number");
    }

    /// <summary>A number that must be there.</summary>
    /// <exception cref="ConversionException">It is absent, or no number.</exception>
    public double Number(params ReadOnlySpan<string> names) => TryNumber(names) ?? throw Missing(names);

    /// <summary>A number, or null.</summary>
    /// <exception cref="ConversionException">It is something else.</exception>
    public double? TryNumber(params ReadOnlySpan<string> names)
    {
        if (Find(names, out string name) is not { } value)
            return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && double.IsFinite(number) ? number : throw Wrong(name, value, "a number");
    }

    /// <summary>A truth value, or null.</summary>
    /// <exception cref="ConversionException">It is something else.</exception>
    public bool? TryFlag(params ReadOnlySpan<string> names)
    {
        if (Find(names, out string name) is not { } value)
            return null;
        return value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Wrong(name, value, "true or false");
    }

    /// <summary>A text, or null when it is absent or something else.</summary>
    public string? TryText(params ReadOnlySpan<string> names) =>
        Find(names, out _) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    /// <summary>A value of any kind, or null.</summary>
    public JsonElement? Find(params ReadOnlySpan<string> names) => Find(names, out _);

    /// <summary>The error of a field that must be there.</summary>
    public ConversionException Missing(params ReadOnlySpan<string> names) => new(
        Step, $"the field '{string.Join("' or '", names.ToArray())}' is missing", FilePath, "The file was cut or is of another kind of model; take it from the model's repository.");

    /// <summary>The error of a field that has a value it cannot have.</summary>
    public ConversionException Wrong(string name, JsonElement value, string expected)
    {
        string text = value.GetRawText();
        return new(Step, $"the field '{name}' must be {expected}, but is {(text.Length <= 60 ? text : text[..60] + "…")}", FilePath, "Take the file from the model's repository.");
    }

    /// <summary>The error of a feature that the conversion does not know.</summary>
    public ConversionException Unsupported(string name, string value) => new(
        Step, string.Create(CultureInfo.InvariantCulture, $"'{name}' is '{value}', which the conversion does not know"), FilePath, "Convert the model with llama.cpp's own script, or choose one without it.")
    { Unsupported = true };

    private JsonElement? Find(ReadOnlySpan<string> names, out string found)
    {
        foreach (string name in names)
        {
            found = name;
            if (text is { } inner && inner.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null)
                return value;
            if (root.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null)
                return value;
        }

        foreach (string name in names)
        {
            found = name;
            if (defaults is { } known && known.TryGetProperty(name, out JsonElement value))
                return value;
        }

        found = "";
        return null;
    }

    private static string[] Names(JsonElement config) =>
        config.TryGetProperty("architectures", out JsonElement names) && names.ValueKind == JsonValueKind.Array
            ? [.. names.EnumerateArray().Where(n => n.ValueKind == JsonValueKind.String).Select(n => n.GetString()!)]
            : [];
}
