using Harness.Formats.Gguf;
using Harness.Formats.Safetensors;

namespace Harness.Runner.Inspection;

/// <summary>The headers of a model's files, as they were read, and nothing of its weights.</summary>
/// <param name="Files">The files, in order.</param>
/// <param name="Gguf">
/// Their GGUF headers; of a model in safetensors the header that a conversion would write, or none where it cannot be converted.
/// </param>
public sealed record ModelHeaders(IReadOnlyList<InspectedFile> Files, IReadOnlyList<GgufHeader> Gguf)
{
    /// <summary>The tensors as safetensors files store them; null for GGUF.</summary>
    public IReadOnlyList<SafetensorsTensor>? Safetensors { get; init; }

    /// <summary>Why a model in safetensors has no GGUF header; null where it has.</summary>
    public string? NotConvertible { get; init; }
}
