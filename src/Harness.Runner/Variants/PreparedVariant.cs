using Harness.Receipts;
using Harness.Workers.Memory;

namespace Harness.Runner.Variants;

/// <summary>A variant after its stages up to <c>verify</c>, which all its cells share.</summary>
/// <param name="Stages">The stages, as far as they came.</param>
/// <param name="Path">The file to load (of a sharded model, the first shard); null when a stage failed.</param>
/// <param name="Files">The files with their digests, as far as known.</param>
/// <param name="Model">What the header says; null when it was not read.</param>
/// <param name="Evidence">What stands behind it.</param>
/// <param name="Source">Where the files came from.</param>
/// <param name="UnsupportedByBuiltin">What the built-in engine lacks to run it, found in the header; else null.</param>
internal sealed record PreparedVariant(
    IReadOnlyList<StageRecord> Stages,
    string? Path,
    IReadOnlyList<FileDigest> Files,
    ModelFacts? Model,
    Evidence Evidence,
    SourceFacts Source,
    string? UnsupportedByBuiltin)
{
    /// <summary>What the weights are stored in and what that lost; null when the header was not read.</summary>
    public QuantizationFacts? Quantization { get; init; }

    /// <summary>The check of quantizing, for a variant that was quantized here.</summary>
    public CheckRecord? QuantizeCheck { get; init; }

    /// <summary>Its chat template; null when it has none, or the header was not read.</summary>
    public ChatSource? Chat { get; init; }

    /// <summary>What it takes on each engine, by its header; null when the header was not read.</summary>
    public ModelMemory? Memory { get; init; }
}
