using System.Text.Json;
using System.Text.Json.Serialization;

namespace Harness.Hub;

/// <summary>The few fields of the hub's answers that are read.</summary>
internal sealed record TreeEntry(
    [property: JsonPropertyName("type")] string? Type,
    [property: JsonPropertyName("path")] string? Path,
    [property: JsonPropertyName("oid")] string? Oid,
    [property: JsonPropertyName("size")] long Size,
    [property: JsonPropertyName("lfs")] TreeLfs? Lfs);

/// <summary>The large-file part of a tree entry.</summary>
internal sealed record TreeLfs(
    [property: JsonPropertyName("oid")] string? Oid,
    [property: JsonPropertyName("size")] long Size);

/// <summary>Revision information.</summary>
internal sealed record ModelInfo(
    [property: JsonPropertyName("id")] string? Id,
    [property: JsonPropertyName("sha")] string? Sha,
    [property: JsonPropertyName("downloads")] long Downloads,
    [property: JsonPropertyName("likes")] long Likes,
    // false, or "auto", or "manual"
    [property: JsonPropertyName("gated")] JsonElement Gated,
    [property: JsonPropertyName("tags")] string?[]? Tags,
    [property: JsonPropertyName("lastModified")] string? LastModified,
    [property: JsonPropertyName("gguf")] GgufSummary? Gguf);

/// <summary>What the hub reads of GGUF files itself.</summary>
internal sealed record GgufSummary(
    [property: JsonPropertyName("total")] long? Total,
    [property: JsonPropertyName("architecture")] string? Architecture);

[JsonSerializable(typeof(TreeEntry[]))]
[JsonSerializable(typeof(ModelInfo))]
[JsonSerializable(typeof(ModelInfo[]))]
internal sealed partial class HubJson : JsonSerializerContext;
