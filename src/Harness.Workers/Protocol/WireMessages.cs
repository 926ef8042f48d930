using System.Text.Json;
using System.Text.Json.Serialization;

namespace Harness.Workers.Protocol;

/// <summary>The protocol's constants; the words are in PROTOCOL.md.</summary>
internal static class WireProtocol
{
    public const int Version = 1;
    public const int MaxLineBytes = 16 << 20;
}

/// <summary>A request line. One flat shape for all types: an absent field is null.</summary>
internal sealed record WireRequest
{
    public required long Id { get; init; }
    public required string Type { get; init; }
    public int? Protocol { get; init; }
    public string? Path { get; init; }
    public int? ContextLength { get; init; }
    public string? Device { get; init; }
    public int? Threads { get; init; }
    public bool? OwnDefaults { get; init; }
    public bool? Touch { get; init; }
    public string? Cache { get; init; }
    public string? Text { get; init; }
    public bool? AddSpecial { get; init; }
    public bool? ParseSpecial { get; init; }
    public int[]? Ids { get; init; }
    public int? MaxTokens { get; init; }
    public int? Top { get; init; }
    public bool? IgnoreEndOfGeneration { get; init; }
    public string? Logits { get; init; }
    public WireMessage[]? Messages { get; init; }
    public string? Now { get; init; }
}

/// <summary>A message of <c>chat</c>.</summary>
internal sealed record WireMessage
{
    public required string Role { get; init; }
    public required string Content { get; init; }
}

/// <summary>A reply or event line.</summary>
internal sealed record WireReply
{
    public required long Id { get; init; }
    public string? Event { get; init; }
    public int? Token { get; init; }
    public byte[]? Bytes { get; init; }
    public int[]? TopIds { get; init; }
    public float?[]? TopLogProbabilities { get; init; }
    public WireResult? Result { get; init; }
    public WireError? Error { get; init; }
}

/// <summary>What a request came to, one flat shape for all types.</summary>
internal sealed record WireResult
{
    public int? Protocol { get; init; }
    public string? Backend { get; init; }
    public string? Version { get; init; }
    public string? Build { get; init; }
    public string? Digest { get; init; }
    public string? InstructionSet { get; init; }
    public WireDevice[]? Devices { get; init; }
    public bool? Reload { get; init; }

    public string? Architecture { get; init; }
    public string? Description { get; init; }
    public int? VocabularySize { get; init; }
    public int? ContextLength { get; init; }
    public double? LoadMs { get; init; }

    public int[]? Ids { get; init; }

    public string? Prompt { get; init; }
    public string? How { get; init; }

    public int[]? PromptIds { get; init; }
    public int? PromptTokens { get; init; }
    public int? GeneratedTokens { get; init; }
    public string? StopReason { get; init; }
    public double? PrefillMs { get; init; }
    public double? DecodeMs { get; init; }

    public int? Tokens { get; init; }
    public double? EvaluationMs { get; init; }
    public string? Logits { get; init; }
    public WireTop[]? Top { get; init; }
}

/// <summary>A device of <c>hello</c>.</summary>
internal sealed record WireDevice
{
    public required string Api { get; init; }
    public required string Name { get; init; }
    public long? MemoryBytes { get; init; }
}

/// <summary>The likeliest tokens at one position.</summary>
internal sealed record WireTop
{
    public required int[] Ids { get; init; }
    public required float?[] LogProbabilities { get; init; }
}

/// <summary>An error in words.</summary>
internal sealed record WireError
{
    public required string Kind { get; init; }
    public required string Message { get; init; }
}

/// <summary>Source-generated serialisation: a worker's start-up must not pay for reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    MaxDepth = 16)]
[JsonSerializable(typeof(WireRequest))]
[JsonSerializable(typeof(WireReply))]
internal sealed partial class WireJson : JsonSerializerContext
{
    /// <summary>A message as one line, its newline included.</summary>
    public static byte[] Line(WireRequest request) =>
        [.. JsonSerializer.SerializeToUtf8Bytes(request, Default.WireRequest), (byte)'\n'];
}
