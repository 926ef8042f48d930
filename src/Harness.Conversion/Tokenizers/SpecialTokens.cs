using System.Text.Json;
using Harness.Conversion.Source;
using Harness.Text;

namespace Harness.Conversion.Tokenizers;

/// <summary>
/// Which tokens begin, end, pad: by name in tokenizer_config.json and special_tokens_map.json, else by id in config.json and
/// generation_config.json, else as the tokenizer itself says.
/// </summary>
internal static class SpecialTokens
{
    public static TokenizerData Apply(TokenizerData data, string directory, JsonElement? settings, ModelConfig config, Func<string, int?> idOf)
    {
        JsonElement? map = ModelConfig.ReadObject(directory, "special_tokens_map.json", TokenizerKeys.Step, optional: true);
        JsonElement? generation = ModelConfig.ReadObject(directory, "generation_config.json", TokenizerKeys.Step, optional: true);

        int? Id(string kind)
        {
            foreach (JsonElement? file in (JsonElement?[])[settings, map])
            {
                JsonElement? named = TokenizerKeys.Field(file, $"{kind}_token");
                string? text = named is { ValueKind: JsonValueKind.String } t ? t.GetString() : TokenizerKeys.Text(named, "content");
                if (text is not null && idOf(text) is { } id)
                    return id;
            }

            foreach (JsonElement? value in (JsonElement?[])[config.Find($"{kind}_token_id"), TokenizerKeys.Field(generation, $"{kind}_token_id")])
            {
                // Of several that end a text, the first.
                JsonElement? one = value is { ValueKind: JsonValueKind.Array } several && several.GetArrayLength() > 0 ? several[0] : value;
                if (one is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out int id) && id >= 0 && id < data.Tokens.Count)
                    return id;
            }

            return null;
        }

        return data with
        {
            BosId = Id("bos") ?? data.BosId,
            EosId = Id("eos") ?? data.EosId,
            UnkId = Id("unk") ?? data.UnkId,
            SepId = Id("sep") ?? data.SepId,
            PadId = Id("pad") ?? data.PadId,
            MaskId = Id("mask") ?? data.MaskId,
            AddBos = TokenizerKeys.Flag(settings, "add_bos_token") ?? data.AddBos,
            AddEos = TokenizerKeys.Flag(settings, "add_eos_token") ?? data.AddEos,
        };
    }
}
