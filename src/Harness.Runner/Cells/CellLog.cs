using Harness.Matrix;
using Harness.Receipts;
using Harness.Runner.Variants;
using Harness.Workers;

namespace Harness.Runner.Cells;

/// <summary>What is seen while a cell is tried; becomes its receipt.</summary>
internal sealed class CellLog(PlannedCell cell, PreparedVariant variant, BackendAtHand? backend, int attempt)
{
    public PlannedCell Cell { get; } = cell;

    public PreparedVariant Variant { get; } = variant;

    public BackendAtHand? Backend { get; } = backend;

    public int Attempt { get; } = attempt;

    public DateTimeOffset Started { get; } = DateTimeOffset.UtcNow;

    public required Receipts.RunOptions Options { get; init; }

    public List<StageRecord> Stages { get; } = [.. variant.Stages];

    public List<CheckRecord> Checks { get; } = [];

    public List<GenerationRecord> Generations { get; } = [];

    public List<Answer<GeneratedTokens>> Answers { get; } = [];

    public ScoreRecord? Score { get; set; }

    public ChatRecord? Chat { get; set; }

    public Answer<ScoredTokens>? Scored { get; set; }

    public PerplexityRecord? Perplexity { get; set; }

    public Answer<LoadedModel>? Loaded { get; set; }

    public BackendIdentity? Hello { get; set; }

    public TimeSpan? Start { get; set; }

    public MemoryFacts? Memory { get; set; }

    /// <summary>Whether the worker can still be asked.</summary>
    public bool Healthy { get; set; } = true;
}

/// <summary>A backend that can be started.</summary>
/// <param name="Id">As <c>llama.cpp@v0.5.0</c>.</param>
/// <param name="Command">What starts a worker of it.</param>
/// <param name="Digest">sha256 (hex) of its build, or null.</param>
/// <param name="Distribution">Where the build came from, or null.</param>
/// <param name="DistributionVersion">The distribution's version, or null.</param>
public sealed record BackendAtHand(
    string Id, WorkerCommand Command, string? Digest, string? Distribution, string? DistributionVersion);
