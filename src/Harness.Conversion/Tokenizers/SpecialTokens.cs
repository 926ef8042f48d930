using System.Text.Json;
using Harness.Conversion.Source;
using Harness.Text;

namespace Harness.Conversion.Tokenizers;

/// <summary>
/// Which tokens begin, end, pad: by name in tokenizer_config.json and special_tokens_map.json, else by id in config.json and
/// generation_config.json; and whether a prompt gets them, by the template in tokenizer.json.
/// </summary>
internal static class SpecialTokens
{
    public static TokenizerData Apply(TokenizerData data, string directory, JsonElement? json, JsonElement? settings, ModelConfig config, Func<string, int?> idOf)
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

        data = data with { BosId = Id("bos"), EosId = Id("eos"), UnkId = Id("unk"), SepId = Id("sep"), PadId = Id("pad"), MaskId = Id("mask") };
        (bool? bos, bool? eos) = FromTemplate(json, data, idOf);
        return data with { AddBos = TokenizerKeys.Flag(settings, "add_bos_token") ?? bos, AddEos = TokenizerKeys.Flag(settings, "add_eos_token") ?? eos };
    }

    /// <summary>Whether the template that tokenizer.json puts prompts into begins with BOS and ends with EOS; unknown without such a file.</summary>
    private static (bool? Bos, bool? Eos) FromTemplate(JsonElement? json, TokenizerData data, Func<string, int?> idOf)
    {
        if (json is null)
            return (null, null);
        JsonElement? processor = TokenizerKeys.Field(json, "post_processor");
        IEnumerable<JsonElement?> processors = TokenizerKeys.Text(processor, "type") == "Sequence"
            ? TokenizerKeys.Items(processor, "processors").Select(p => (JsonElement?)p)
            : [processor];
        JsonElement? template = processors.FirstOrDefault(p => TokenizerKeys.Text(p, "type") == "TemplateProcessing");
        JsonElement[] single = [.. TokenizerKeys.Items(template, "single")];
        if (single.Length == 0)
            return (false, null);
        bool Is(JsonElement part, int? id) =>
            id is not null && TokenizerKeys.Text(TokenizerKeys.Field(part, "SpecialToken"), "id") is { } text && idOf(text) == id;
        return (Is(single[0], data.BosId), Is(single[^1], data.EosId) ? true : null);
    }
}
