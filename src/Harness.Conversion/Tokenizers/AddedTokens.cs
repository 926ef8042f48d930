using System.Globalization;
using System.Text.Json;
using Harness.Conversion.Source;
using Harness.Text;

namespace Harness.Conversion.Tokenizers;

/// <summary>Tokens that were added to a vocabulary after its training: in a file of their own, in the settings, or in tokenizer.json.</summary>
internal static class AddedTokens
{
    // Not marked as special by everyone who ought to.
    private static readonly string[] LookSpecial = ["<pad>", "<mask>", "<2mass>", "[@BOS@]"];

    private const float Score = -1000;

    /// <summary>Puts the added tokens of all the files in their places; the later file has the last word.</summary>
    public static void Apply(TokenList tokens, string directory, JsonElement? json, JsonElement? settings)
    {
        if (ModelConfig.ReadObject(directory, "added_tokens.json", TokenizerKeys.Step, optional: true) is { } added)
        {
            foreach (JsonProperty entry in added.EnumerateObject())
            {
                if (entry.Value.ValueKind == JsonValueKind.Number && entry.Value.TryGetInt32(out int id) && id >= 0 && id < tokens.Count)
                    tokens.Set(id, entry.Name, TokenType.UserDefined, Score);
            }
        }

        if (TokenizerKeys.Field(settings, "added_tokens_decoder") is { ValueKind: JsonValueKind.Object } decoder)
        {
            foreach (JsonProperty entry in decoder.EnumerateObject())
            {
                if (int.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out int id))
                    Set(tokens, id, entry.Value);
            }
        }

        FromJson(tokens, json);
    }

    /// <summary>Puts the added tokens of tokenizer.json in their places.</summary>
    public static void FromJson(TokenList tokens, JsonElement? json)
    {
        foreach (JsonElement token in TokenizerKeys.Items(json, "added_tokens"))
        {
            if (TokenizerKeys.Field(token, "id") is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out int id))
                Set(tokens, id, token);
        }
    }

    private static void Set(TokenList tokens, int id, JsonElement token)
    {
        if (id < 0 || id >= tokens.Count || TokenizerKeys.Text(token, "content") is not { } text)
            return;
        bool special = TokenizerKeys.Flag(token, "special") == true || LookSpecial.Contains(text)
            || (text.StartsWith("<|", StringComparison.Ordinal) && text.EndsWith("|>", StringComparison.Ordinal))
            || (text.StartsWith("<｜", StringComparison.Ordinal) && text.EndsWith("｜>", StringComparison.Ordinal))
            || (text.StartsWith("<unused", StringComparison.Ordinal) && text.EndsWith('>'));
        if (special)
            tokens.Set(id, text, TokenType.Control, Score);
        else
            tokens.Set(id, text.Replace('▁', ' '), TokenType.UserDefined, Score);
    }
}
