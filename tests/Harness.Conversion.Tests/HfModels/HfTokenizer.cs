using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Harness.Formats.Gguf;

namespace Harness.Conversion.Tests.HfModels;

/// <summary>
/// Lays a GGUF file's tokenizer out as the transformers library saves one: byte pairs as tokenizer.json, with the rules that
/// the published files of each kind have, SentencePiece as tokenizer.model.
/// </summary>
internal static class HfTokenizer
{
    private const string Llama3 = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Qwen2 = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <summary>The rules of tokenizer.json by the name GGUF has for them.</summary>
    private static readonly Dictionary<string, Func<JsonNode>> PreTokenizers = new()
    {
        ["gpt-2"] = () => ByteLevel(true),
        ["starcoder"] = () => Sequence(new JsonObject { ["type"] = "Digits", ["individual_digits"] = true }, ByteLevel(true)),
        ["llama-bpe"] = () => Sequence(Split(Llama3), ByteLevel(false)),
        ["qwen2"] = () => Sequence(Split(Qwen2), ByteLevel(false)),
        ["deepseek-coder"] = () => Sequence(
            Split("[\r\n]"), Split(@"\s?\p{L}+"), Split(@"\s?\p{P}+"), Split("[一-龥ࠀ-一가-퟿]+"), new JsonObject { ["type"] = "Digits", ["individual_digits"] = true }, ByteLevel(false)),
    };

    /// <summary>Whether the rules of a name are known here.</summary>
    public static bool Knows(string pre) => PreTokenizers.ContainsKey(pre);

    /// <summary>Writes the tokenizer's files.</summary>
    public static void Save(GgufMetadata metadata, string directory)
    {
        string[] tokens = [.. Strings(metadata, "tokens")];
        int[] types = metadata.GetArray<int>("tokenizer.ggml.token_type").ToArray();
        var settings = new JsonObject { ["tokenizer_class"] = "PreTrainedTokenizerFast" };
        foreach ((string kind, string key) in new[] { ("bos", "bos"), ("eos", "eos"), ("pad", "padding"), ("unk", "unknown") })
        {
            if (metadata.TryGetNumber($"tokenizer.ggml.{key}_token_id", out int id))
                settings[$"{kind}_token"] = kind == "eos" ? new JsonObject { ["content"] = tokens[id], ["lstrip"] = false } : tokens[id];
        }

        if (metadata.TryGetString("tokenizer.chat_template", out string? template))
            settings["chat_template"] = template;
        if (metadata.TryGetBoolean("tokenizer.ggml.add_space_prefix", out bool prefix))
            settings["add_prefix_space"] = prefix;
        bool pieces = metadata.GetString("tokenizer.ggml.model") == "llama";
        foreach (string flag in (string[])["add_bos_token", "add_eos_token"])
        {
            if (pieces && metadata.TryGetBoolean($"tokenizer.ggml.{flag}", out bool add))
                settings[flag] = add;
        }

        File.WriteAllText(Path.Combine(directory, "tokenizer_config.json"), settings.ToJsonString());
        if (pieces)
            File.WriteAllBytes(Path.Combine(directory, "tokenizer.model"), Pieces(tokens, metadata.GetArray<float>("tokenizer.ggml.scores").ToArray(), types));
        else
            File.WriteAllBytes(Path.Combine(directory, "tokenizer.json"), Json(metadata, tokens, types));
    }

    private static byte[] Json(GgufMetadata metadata, string[] tokens, int[] types)
    {
        string pre = metadata.GetString("tokenizer.ggml.pre");
        var added = new JsonArray();
        var vocabulary = new JsonObject();
        for (int id = 0; id < tokens.Length; id++)
        {
            if (types[id] == 1)
                vocabulary[tokens[id]] = id;
            else if (types[id] is 3 or 4)
                added.Add(new JsonObject { ["id"] = id, ["content"] = tokens[id], ["special"] = types[id] == 3, ["normalized"] = false });
        }

        var merges = new JsonArray();
        foreach (string merge in Strings(metadata, "merges"))
        {
            int space = merge.IndexOf(' ', 1);
            merges.Add(new JsonArray(merge[..space], merge[(space + 1)..]));
        }

        var single = new JsonArray(new JsonObject { ["Sequence"] = new JsonObject { ["id"] = "A", ["type_id"] = 0 } });
        if (metadata.TryGetBoolean("tokenizer.ggml.add_bos_token", out bool begins) && begins)
            single.Insert(0, new JsonObject { ["SpecialToken"] = new JsonObject { ["id"] = tokens[metadata.GetNumber<int>("tokenizer.ggml.bos_token_id")], ["type_id"] = 0 } });
        return JsonSerializer.SerializeToUtf8Bytes(new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = added,
            ["normalizer"] = null,
            ["pre_tokenizer"] = PreTokenizers[pre](),
            ["post_processor"] = new JsonObject { ["type"] = "Sequence", ["processors"] = new JsonArray(ByteLevel(true), new JsonObject { ["type"] = "TemplateProcessing", ["single"] = single }) },
            ["decoder"] = ByteLevel(true),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["byte_fallback"] = false,
                ["ignore_merges"] = pre == "llama-bpe",
                ["vocab"] = vocabulary,
                ["merges"] = merges,
            },
        });
    }

    private static byte[] Pieces(string[] tokens, float[] scores, int[] types)
    {
        using var file = new MemoryStream();
        for (int id = 0; id < tokens.Length; id++)
        {
            using var piece = new MemoryStream();
            byte[] text = Encoding.UTF8.GetBytes(tokens[id]);
            piece.WriteByte((1 << 3) | 2);
            Varint(piece, text.Length);
            piece.Write(text);
            piece.WriteByte((2 << 3) | 5);
            var score = new byte[4];
            BinaryPrimitives.WriteSingleLittleEndian(score, scores[id]);
            piece.Write(score);
            if (types[id] != 1)
            {
                piece.WriteByte(3 << 3);
                piece.WriteByte((byte)types[id]);
            }

            file.WriteByte((1 << 3) | 2);
            Varint(file, (int)piece.Length);
            file.Write(piece.ToArray());
        }

        // The trainer's settings: model_type is BPE.
        file.Write([(2 << 3) | 2, 2, 3 << 3, 2]);
        return file.ToArray();
    }

    private static void Varint(MemoryStream stream, int value)
    {
        for (; value >= 0x80; value >>= 7)
            stream.WriteByte((byte)(value | 0x80));
        stream.WriteByte((byte)value);
    }

    private static IEnumerable<string> Strings(GgufMetadata metadata, string name)
    {
        GgufStringArray strings = metadata.GetStrings($"tokenizer.ggml.{name}");
        for (int i = 0; i < strings.Count; i++)
            yield return Encoding.UTF8.GetString(strings.GetMemory(i).Span);
    }

    private static JsonObject Split(string regex) => new()
    {
        ["type"] = "Split",
        ["pattern"] = new JsonObject { ["Regex"] = regex },
        ["behavior"] = "Isolated",
        ["invert"] = false,
    };

    private static JsonObject ByteLevel(bool regex) => new() { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = regex };

    private static JsonObject Sequence(params JsonNode[] parts) => new() { ["type"] = "Sequence", ["pretokenizers"] = new JsonArray(parts) };
}
