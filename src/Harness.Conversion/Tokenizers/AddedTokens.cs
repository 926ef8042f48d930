using System.Globalization;
using System.Text.Json;
using Harness.Conversion.Source;

namespace Harness.Conversion.Tokenizers;

/// <summary>Tokens that were added to a SentencePiece vocabulary after its training: in a file of their own, or in the settings.</summary>
internal static class AddedTokens
{
    private const float Score = -1000;

    /// <summary>Puts the added tokens of the files in their places; the later file has the last word.</summary>
    public static void Apply(TokenList tokens, string directory, JsonElement? settings)
    {
        if (ModelConfig.ReadObject(directory, "added_tokens.json", TokenizerKeys.Step, optional: true) is { } added)
        {
            foreach (JsonProperty entry in added.EnumerateObject())
            {
                if (entry.Value.ValueKind == JsonValueKind.Number && entry.Value.TryGetInt32(out int id) && id >= 0 && id < tokens.Count)
                    tokens.Add(id, entry.Name, special: false, Score);
            }
        }

        if (TokenizerKeys.Field(settings, "added_tokens_decoder") is not { ValueKind: JsonValueKind.Object } decoder)
            return;
        foreach (JsonProperty entry in decoder.EnumerateObject())
        {
            bool known = int.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out int id) && id < tokens.Count;
            if (known && TokenizerKeys.Text(entry.Value, "content") is { } text)
                tokens.Add(id, text, TokenizerKeys.Flag(entry.Value, "special") == true, Score);
        }
    }
}
