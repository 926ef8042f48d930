using System.Text.Json;
using Harness.Conversion.Mapping;
using Harness.Conversion.Source;
using Harness.Formats.Gguf;
using Harness.Text;

namespace Harness.Conversion.Tokenizers;

/// <summary>
/// The tokenizer's metadata: from <c>tokenizer.model</c> where there is one, else from <c>tokenizer.json</c>; special tokens
/// and chat template from the files beside them.
/// </summary>
internal static class TokenizerKeys
{
    public const string Step = "read the tokenizer";

    /// <summary>Reads the tokenizer of a directory.</summary>
    /// <param name="directory">The model directory.</param>
    /// <param name="mapping">The architecture's entry.</param>
    /// <param name="source">The model: says how many tokens there are.</param>
    /// <param name="without">Whether a model without a tokenizer is converted all the same.</param>
    /// <exception cref="ConversionException">There is none, or none that can be read.</exception>
    public static IEnumerable<KeyValuePair<string, GgufValue>> Of(string directory, ModelMapping mapping, SourceModel source, bool without)
    {
        JsonElement? json = ModelConfig.ReadObject(directory, "tokenizer.json", Step, optional: true, longest: 256 << 20);
        JsonElement? settings = ModelConfig.ReadObject(directory, "tokenizer_config.json", Step, optional: true);
        string piecesPath = Path.Combine(directory, "tokenizer.model");
        bool pieces = File.Exists(piecesPath);
        if (!pieces && json is null)
        {
            return without ? [new("tokenizer.ggml.model", GgufValue.Of("no_vocab"))] : throw new ConversionException(
                Step, "there is no tokenizer: neither tokenizer.json nor tokenizer.model", directory,
                "Download the tokenizer's files too, or convert without a tokenizer (--no-tokenizer): the model then works on ids alone.");
        }

        TokenList tokens = pieces ? SentencePieceModel.Read(piecesPath, source.Vocabulary.Value) : JsonTokenizer.Read(directory, json!.Value, mapping, source.Vocabulary.Value);
        if (pieces)
            AddedTokens.Apply(tokens, directory, json, settings);
        TokenizerData data = SpecialTokens.Apply(tokens.ToData(), directory, json, settings, source.Config, tokens.IdOf);
        data = data with { AddSpacePrefix = mapping.AddSpacePrefix ?? (tokens.Model == "llama" ? Flag(settings, "add_prefix_space") : null) };
        return [.. data.ToGguf(), .. ChatTemplates.Read(directory, settings)];
    }

    /// <summary>A truth value of a JSON object, or null.</summary>
    public static bool? Flag(JsonElement? parent, string name) =>
        Field(parent, name) is { ValueKind: JsonValueKind.True or JsonValueKind.False } value ? value.GetBoolean() : null;

    /// <summary>A text of a JSON object, or null.</summary>
    public static string? Text(JsonElement? parent, string name) => Field(parent, name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    /// <summary>A field of a JSON object, or null.</summary>
    public static JsonElement? Field(JsonElement? parent, string name) =>
        parent is { ValueKind: JsonValueKind.Object } p && p.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>The elements of an array of a JSON object; none where there is no such array.</summary>
    public static IEnumerable<JsonElement> Items(JsonElement? parent, string name) =>
        Field(parent, name) is { ValueKind: JsonValueKind.Array } items ? items.EnumerateArray() : [];
}
