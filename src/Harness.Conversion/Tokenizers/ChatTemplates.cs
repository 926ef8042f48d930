using System.Text.Json;
using Harness.Conversion.Source;
using Harness.Formats.Gguf;

namespace Harness.Conversion.Tokenizers;

/// <summary>The chat template: in tokenizer_config.json, as one or several with names, or in a file of its own.</summary>
internal static class ChatTemplates
{
    private const string Key = "tokenizer.chat_template";
    private const long LongestFile = 4 << 20;

    public static IEnumerable<KeyValuePair<string, GgufValue>> Read(string directory, JsonElement? settings)
    {
        if (TokenizerKeys.Text(settings, "chat_template") is { } inSettings)
            return [new(Key, GgufValue.Of(inSettings))];
        List<(string Name, string Text)> named = [.. TokenizerKeys.Items(settings, "chat_template")
            .Select(t => (Name: TokenizerKeys.Text(t, "name"), Text: TokenizerKeys.Text(t, "template")))
            .Where(t => t.Name is not null && t.Text is not null).Select(t => (t.Name!, t.Text!))];
        if (named.Count > 0)
            return Named(named);
        string path = Path.Combine(directory, "chat_template.jinja");
        if (File.Exists(path))
        {
            return Named([("default", Template(path)), .. Others(directory).Select(f => (Path.GetFileNameWithoutExtension(f), Template(f)))]);
        }

        JsonElement? json = ModelConfig.ReadObject(directory, "chat_template.json", TokenizerKeys.Step, optional: true);
        return TokenizerKeys.Text(json, "chat_template") is { } inFile ? [new(Key, GgufValue.Of(inFile))] : [];
    }

    /// <summary>The files of templates beside the default one: a name is that of its file.</summary>
    public static IEnumerable<string> Others(string directory)
    {
        string others = Path.Combine(directory, "additional_chat_templates");
        return Directory.Exists(others) ? Directory.EnumerateFiles(others, "*.jinja").Order(StringComparer.Ordinal) : [];
    }

    private static string Template(string path) => new FileInfo(path).Length <= LongestFile
        ? File.ReadAllText(path)
        : throw new ConversionException(TokenizerKeys.Step, "the chat template is longer than 4 MiB", path, "Take the file from the model's repository.");

    private static IEnumerable<KeyValuePair<string, GgufValue>> Named(List<(string Name, string Text)> named)
    {
        string[] others = [.. named.Where(t => t.Name != "default").Select(t => t.Name)];
        if (others.Length > 0)
            yield return new("tokenizer.chat_templates", GgufValue.OfStrings(others));
        foreach ((string name, string text) in named)
            yield return new(name == "default" ? Key : $"{Key}.{name}", GgufValue.Of(text));
    }
}
