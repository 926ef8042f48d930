using System.Text.Json;
using Harness.Text.HuggingFace;

namespace Harness.Text;

/// <summary>What a <c>tokenizer_config.json</c> says beside the <c>tokenizer.json</c>: which tokens are special, and which are added.</summary>
public sealed record SpecialTokenNames
{
    /// <summary>Text of begin of sequence.</summary>
    public string? Bos { get; init; }

    /// <summary>Text of end of sequence.</summary>
    public string? Eos { get; init; }

    /// <summary>Text of the unknown token.</summary>
    public string? Unknown { get; init; }

    /// <summary>Text of the separator.</summary>
    public string? Separator { get; init; }

    /// <summary>Text of padding.</summary>
    public string? Padding { get; init; }

    /// <summary>Text of the mask.</summary>
    public string? Mask { get; init; }

    /// <summary>Whether a prompt begins with BOS, where it is said.</summary>
    public bool? AddBos { get; init; }

    /// <summary>Whether a prompt ends with EOS, where it is said.</summary>
    public bool? AddEos { get; init; }

    /// <summary>Reads a <c>tokenizer_config.json</c>.</summary>
    /// <param name="utf8">The file's bytes.</param>
    /// <returns>The names.</returns>
    /// <exception cref="TokenizerException">It is no JSON, or a token is neither a text nor an object with <c>content</c>.</exception>
    public static SpecialTokenNames Parse(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            using var document = JsonDocument.Parse(utf8);
            var json = new JsonPlace(document.RootElement, string.Empty);
            return new SpecialTokenNames
            {
                Bos = Name(json, "bos_token") ?? Name(json, "cls_token"),
                Eos = Name(json, "eos_token"),
                Unknown = Name(json, "unk_token"),
                Separator = Name(json, "sep_token"),
                Padding = Name(json, "pad_token"),
                Mask = Name(json, "mask_token"),
                AddBos = Flag(json, "add_bos_token"),
                AddEos = Flag(json, "add_eos_token"),
            };
        }
        catch (JsonException e)
        {
            throw new TokenizerException($"The tokenizer_config.json is no JSON: {e.Message}", e);
        }
    }

    private static string? Name(JsonPlace json, string key) =>
        json.TryGet(key, out JsonPlace value)
            ? value.Element.ValueKind == JsonValueKind.Object ? value.Get("content").AsText() : value.AsText()
            : null;

    private static bool? Flag(JsonPlace json, string key) => json.TryGet(key, out _) ? json.Flag(key) : null;
}
