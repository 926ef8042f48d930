using System.Globalization;
using System.Text.Json.Nodes;
using Harness.Formats.Gguf;
using Harness.Runner.Inspection;

namespace Harness.Cli.OneModel;

/// <summary>The header itself, tensor by tensor and key by key, for whoever asks for it.</summary>
/// <param name="Read">The headers.</param>
/// <param name="WithTensors">Whether tensors are listed.</param>
/// <param name="WithMetadata">Whether metadata are listed.</param>
internal sealed record HeaderListing(ModelHeaders Read, bool WithTensors, bool WithMetadata)
{
    // A vocabulary of a hundred thousand words helps nobody on a terminal.
    private const int Shown = 8;
    private const int Longest = 100;

    /// <summary>Tensors as the files store them: name, type, shape (row length first, as GGUF writes it), file, offset, bytes.</summary>
    public IEnumerable<(string Name, string Type, IReadOnlyList<long> Shape, string File, long Offset, long Bytes)> Tensors()
    {
        if (Read.Safetensors is { } safetensors)
        {
            foreach (Formats.Safetensors.SafetensorsTensor t in safetensors)
                yield return (t.Name, t.Type.Name, t.Shape, Read.Files[t.Shard].Name, t.Offset, t.ByteLength);
            yield break;
        }

        for (int i = 0; i < Read.Gguf.Count; i++)
        {
            foreach (GgufTensor t in Read.Gguf[i].Tensors)
                yield return (t.Name, t.TypeName, t.Shape, Read.Files[i].Name, t.Offset, t.ByteLength);
        }
    }

    /// <summary>The tensors as JSON; null when they were not asked for.</summary>
    public JsonArray? TensorsJson() => !WithTensors ? null : new JsonArray([.. Tensors().Select(t => (JsonNode)new JsonObject
    {
        ["name"] = t.Name,
        ["type"] = t.Type,
        ["shape"] = new JsonArray([.. t.Shape.Select(n => (JsonNode)n)]),
        ["file"] = t.File,
        ["offset"] = t.Offset,
        ["bytes"] = t.Bytes,
    })]);

    /// <summary>The first file's metadata as JSON, whole; null when they were not asked for.</summary>
    public JsonObject? MetadataJson()
    {
        if (!WithMetadata) return null;
        JsonObject all = [];
        foreach ((string key, GgufValue value) in Entries()) all[key] = GgufJson.Of(value);
        return all;
    }

    /// <summary>The metadata for people, one a line.</summary>
    public IEnumerable<(string Key, string Value)> MetadataLines()
    {
        foreach ((string key, GgufValue value) in WithMetadata ? Entries() : [])
        {
            JsonNode? node = GgufJson.Of(value);
            string text = node switch
            {
                JsonArray { Count: > Shown } array => string.Create(
                    CultureInfo.InvariantCulture, $"[{string.Join(", ", array.Take(Shown).Select(n => n?.ToJsonString(GgufJson.Readable)))}, …] ({array.Count:N0} values)"),
                _ => node?.ToJsonString(GgufJson.Readable) ?? "null",
            };
            yield return (key, text.Length <= Longest ? text : text[..Longest] + "…");
        }
    }

    private IEnumerable<KeyValuePair<string, GgufValue>> Entries() => Read.Gguf.Count == 0 ? [] : Read.Gguf[0].Metadata;
}
