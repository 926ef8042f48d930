using System.Globalization;
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

    private const long LongestFile = 256 << 20;

    /// <summary>Reads the tokenizer of a directory.</summary>
    /// <param name="directory">The model directory.</param>
    /// <param name="mapping">The architecture's entry.</param>
    /// <param name="source">The model: says how many tokens there are.</param>
    /// <param name="without">Whether a model without a tokenizer is converted all the same.</param>
    /// <exception cref="ConversionException">There is none, or none that can be read.</exception>
    public static IEnumerable<KeyValuePair<string, GgufValue>> Of(string directory, ModelMapping mapping, SourceModel source, bool without)
    {
        string pieces = Path.Combine(directory, "tokenizer.model"), json = Path.Combine(directory, "tokenizer.json");
        bool hasPieces = File.Exists(pieces);
        if (!hasPieces && !File.Exists(json))
        {
            return without ? [new("tokenizer.ggml.model", GgufValue.Of("no_vocab"))] : throw new ConversionException(
                Step, "there is no tokenizer: neither tokenizer.json nor tokenizer.model", directory,
                "Download the tokenizer's files too, or convert without a tokenizer (--no-tokenizer): the model then works on ids alone.");
        }

        JsonElement? settings = ModelConfig.ReadObject(directory, "tokenizer_config.json", Step, optional: true);
        TokenizerData data = hasPieces ? Pieces(pieces) : Json(directory, json, mapping, source.Vocabulary);
        var tokens = new TokenList(data, source.Vocabulary.Value);
        if (hasPieces)
            AddedTokens.Apply(tokens, directory, settings);
        tokens.MarkWhatLooksSpecial();
        data = SpecialTokens.Apply(tokens.Data(), directory, settings, source.Config, tokens.IdOf);
        if (data.Model == "llama")
        {
            // Nothing else merges spaces, and no key of this kind says so.
            data = data with { AddSpacePrefix = mapping.AddSpacePrefix ?? Flag(settings, "add_prefix_space") ?? data.AddSpacePrefix, RemoveExtraWhitespaces = null };
        }

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

    // Whether prompts begin with BOS is not a matter of the pieces: GGUF's default stands unless the settings say.
    private static TokenizerData Pieces(string path) =>
        Guard(path, () => TokenizerData.FromSentencePiece(Bytes(path))) with { AddBos = null, AddEos = null };

    private static TokenizerData Json(string directory, string path, ModelMapping mapping, Dim vocabulary)
    {
        string settings = Path.Combine(directory, "tokenizer_config.json");
        SpecialTokenNames? names = File.Exists(settings) ? Guard(settings, () => SpecialTokenNames.Parse(Bytes(settings))) : null;
        TokenizerData data = Guard(path, () => HuggingFaceTokenizer.Parse(Bytes(path)).ToTokenizerData(names));
        if (data.Tokens.Count > vocabulary.Value)
        {
            throw new ConversionException(
                Step, string.Create(CultureInfo.InvariantCulture, $"the tokenizer has {data.Tokens.Count} tokens, but the model {vocabulary}"), path,
                "config.json and tokenizer.json are of different models; take both from the same revision.");
        }

        // A name of its own for rules that others have too.
        return mapping.Architecture is "glm4" or "glm4moe" && data.Pre is "llama-bpe" or "smaug-bpe" ? data with { Pre = "glm4" } : data;
    }

    private static byte[] Bytes(string path) => new FileInfo(path).Length <= LongestFile
        ? File.ReadAllBytes(path)
        : throw new ConversionException(Step, "the file is longer than 256 MiB", path, "Download it again.");

    private static T Guard<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (TokenizerException exception)
        {
            bool unsupported = exception is UnsupportedTokenizerException;
            throw new ConversionException(
                Step, exception.Message.TrimEnd('.'), path,
                unsupported ? "GGUF has no words for such a tokenizer, so that llama.cpp could not run it either." : "Take the file from the model's repository; a pointer of git lfs must be fetched.",
                exception)
            { Unsupported = unsupported };
        }
    }
}
