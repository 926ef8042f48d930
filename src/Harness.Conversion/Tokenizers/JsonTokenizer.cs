using System.Globalization;
using System.Text.Json;
using Harness.Conversion.Mapping;
using Harness.Text;

namespace Harness.Conversion.Tokenizers;

/// <summary>Reads a <c>tokenizer.json</c> of byte pairs: of bytes, or of pieces with bytes to fall back on.</summary>
internal static class JsonTokenizer
{
    /// <summary>Reads the file.</summary>
    /// <param name="directory">Where it lies.</param>
    /// <param name="json">The file.</param>
    /// <param name="mapping">The architecture's entry.</param>
    /// <param name="count">How many tokens the model has; 0 and less for as many as the file has.</param>
    /// <exception cref="ConversionException">It is of another kind, or not whole.</exception>
    public static TokenList Read(string directory, JsonElement json, ModelMapping mapping, long count)
    {
        string path = Path.Combine(directory, "tokenizer.json");
        JsonElement? model = TokenizerKeys.Field(json, "model");

        // Older files leave the type out where there are merges.
        string type = TokenizerKeys.Text(model, "type") ?? (TokenizerKeys.Field(model, "merges") is null ? "missing" : "BPE");
        if (type != "BPE")
            throw new ConversionException(TokenizerKeys.Step, $"a tokenizer of type '{type}' cannot be converted", path, "Convert a model with byte pairs (BPE), or put the tokenizer.model of a SentencePiece tokenizer beside it.") { Unsupported = true };
        if (TokenizerKeys.Field(model, "vocab") is not { ValueKind: JsonValueKind.Object } vocabulary)
            throw new ConversionException(TokenizerKeys.Step, "the tokenizer has no object 'vocab'", path, "Download it again.");

        bool bytes = PreTokenizerNames.IsByteLevel(json);
        bool fallback = TokenizerKeys.Flag(model, "byte_fallback") == true;
        if (!bytes && !fallback)
            throw new ConversionException(TokenizerKeys.Step, "the tokenizer is neither of bytes (ByteLevel) nor falls back on bytes (byte_fallback)", path, "It cannot be written as GGUF.");
        var tokens = new TokenList(bytes ? "gpt2" : "llama", count);
        foreach (JsonProperty entry in vocabulary.EnumerateObject())
        {
            if (entry.Value.ValueKind != JsonValueKind.Number || !entry.Value.TryGetInt32(out int id) || id < 0)
                throw new ConversionException(TokenizerKeys.Step, $"the token '{entry.Name}' has no id", path, "Download it again.");
            if (id >= tokens.Count)
            {
                throw new ConversionException(
                    TokenizerKeys.Step,
                    string.Create(CultureInfo.InvariantCulture, $"the token '{entry.Name}' has the id {id}, but config.json's vocab_size is {tokens.Count}"), path,
                    "config.json and tokenizer.json are of different models; take both from the same revision.");
            }

            tokens.Set(id, entry.Name, fallback && !bytes && IsByte(entry.Name) ? TokenType.Byte : TokenType.Normal);
        }

        List<(string Left, string Right)> merges = Merges(model, path);
        if (bytes)
        {
            // A merge is two texts with a space between: one inside is written as its letter.
            tokens.Merges.AddRange(merges.Select(m => $"{m.Left.Replace(' ', 'Ġ')} {m.Right.Replace(' ', 'Ġ')}"));
            tokens.Pre = PreTokenizerNames.Find(json, mapping.Architecture, path);
        }
        else
        {
            // SentencePiece merges what has the best score: an earlier merge has the better one.
            for (int rank = 0; rank < merges.Count; rank++)
            {
                string merged = merges[rank].Left + merges[rank].Right;
                if (tokens.IdOf(merged) is { } id)
                    tokens.Set(id, merged, TokenType.Normal, -rank);
            }
        }

        AddedTokens.FromJson(tokens, json);
        return tokens;
    }

    private static bool IsByte(string text) => text.Length == 6 && text.StartsWith("<0x", StringComparison.Ordinal) && text[5] == '>';

    private static List<(string Left, string Right)> Merges(JsonElement? model, string path)
    {
        var merges = new List<(string, string)>();
        foreach (JsonElement merge in TokenizerKeys.Items(model, "merges"))
        {
            if (merge.ValueKind == JsonValueKind.String && merge.GetString()!.Split(' ') is [var left, var right])
                merges.Add((left, right));
            else if (merge.ValueKind == JsonValueKind.Array && merge.GetArrayLength() == 2 && merge[0].ValueKind == JsonValueKind.String && merge[1].ValueKind == JsonValueKind.String)
                merges.Add((merge[0].GetString()!, merge[1].GetString()!));
            else
                throw new ConversionException(TokenizerKeys.Step, string.Create(CultureInfo.InvariantCulture, $"merge {merges.Count} is not two texts"), path, "Download it again.");
        }

        return merges;
    }
}
