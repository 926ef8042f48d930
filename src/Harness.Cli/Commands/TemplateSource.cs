using System.Text.Json;
using System.Text.Json.Serialization;
using Harness.Formats.Gguf;
using Harness.Text.Templates;

namespace Harness.Cli.Commands;

/// <summary>A chat template, and the texts of the tokens that belong to it.</summary>
/// <param name="Template">The template.</param>
/// <param name="BosToken">The text of its BOS token, or null when nothing says.</param>
/// <param name="EosToken">The text of its EOS token, or null when nothing says.</param>
internal sealed record TemplateSource(string Template, string? BosToken, string? EosToken)
{
    private const string TemplateFile = "chat_template.jinja";
    private const string ConfigFile = "tokenizer_config.json";

    /// <summary>From a file: a template, or a GGUF model that carries one.</summary>
    /// <exception cref="CommandException">The model has none.</exception>
    public static TemplateSource FromFile(string path)
    {
        if (!IsGguf(path)) return path.EndsWith(".json", StringComparison.OrdinalIgnoreCase) ? FromConfig(path, null) : new TemplateSource(File.ReadAllText(path), null, null);
        using var file = GgufFile.Open(path);
        GgufMetadata metadata = file.Metadata;
        if (!metadata.TryGetString(ModelTemplate.Key, out string? template)) throw None(path, $"the file has no {ModelTemplate.Key}");
        return new TemplateSource(template, ModelTemplate.TokenText(metadata, "bos"), ModelTemplate.TokenText(metadata, "eos"));
    }

    /// <summary>From a model's directory, as the hub has it.</summary>
    /// <exception cref="CommandException">It has none.</exception>
    public static TemplateSource FromDirectory(string path)
    {
        string template = Path.Combine(path, TemplateFile), config = Path.Combine(path, ConfigFile);
        string? text = File.Exists(template) ? File.ReadAllText(template) : null;
        if (File.Exists(config)) return FromConfig(config, text);
        return text is null ? throw None(path, $"the directory has neither {TemplateFile} nor {ConfigFile}") : new TemplateSource(text, null, null);
    }

    private static TemplateSource FromConfig(string path, string? template)
    {
        try
        {
            using var config = JsonDocument.Parse(File.ReadAllBytes(path));
            JsonElement root = config.RootElement;
            if (root.ValueKind != JsonValueKind.Object) throw None(path, "the file is no JSON object");
            template ??= root.TryGetProperty("chat_template", out JsonElement own) ? Chosen(own) : null;
            return new TemplateSource(template ?? throw None(path, "the file has no chat_template"), Token(root, "bos_token"), Token(root, "eos_token"));
        }
        catch (JsonException e)
        {
            throw new CommandException(ExitStatus.Unexpected, $"it is no valid JSON: {e.Message}", path, "Fetch the file again.");
        }
    }

    /// <summary>One template, or of several by name the default one.</summary>
    private static string? Chosen(JsonElement template) => template.ValueKind switch
    {
        JsonValueKind.String => template.GetString(),
        JsonValueKind.Array => template.EnumerateArray()
            .Where(one => one.ValueKind == JsonValueKind.Object && one.TryGetProperty("name", out JsonElement name) && name.ValueEquals("default"))
            .Select(one => one.TryGetProperty("template", out JsonElement text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null).FirstOrDefault(),
        _ => null,
    };

    private static string? Token(JsonElement root, string name) => !root.TryGetProperty(name, out JsonElement token) ? null : token.ValueKind switch
    {
        JsonValueKind.String => token.GetString(),
        JsonValueKind.Object when token.TryGetProperty("content", out JsonElement content) && content.ValueKind == JsonValueKind.String => content.GetString(),
        _ => null,
    };

    private static bool IsGguf(string path)
    {
        using FileStream file = File.OpenRead(path);
        Span<byte> magic = stackalloc byte[4];
        return file.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false) == magic.Length && magic.SequenceEqual("GGUF"u8);
    }

    private static CommandException None(string path, string what) =>
        new(ExitStatus.Unexpected, $"there is no chat template: {what}", path, "Give a template file (.jinja), or a model that carries one.");
}

/// <summary>What <c>--json</c> prints.</summary>
/// <param name="Prompt">The prompt.</param>
internal sealed record PromptJson([property: JsonPropertyName("prompt")] string Prompt);

/// <summary>Its serializer.</summary>
[JsonSerializable(typeof(PromptJson))]
internal sealed partial class PromptJsonContext : JsonSerializerContext;
