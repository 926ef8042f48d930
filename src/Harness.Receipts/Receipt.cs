namespace Harness.Receipts;

/// <summary>
/// The immutable record of one try of one cell. It holds what was asked, what was used and what was seen, and
/// nothing of any other receipt; verdicts and comparisons are derived from it and stored apart.
/// </summary>
public sealed record Receipt
{
    /// <summary>The version of this layout.</summary>
    public const int CurrentSchemaVersion = 1;

    /// <summary>sha256 (hex) of the canonical JSON of everything else in the receipt.</summary>
    public string Id { get; init; } = "";

    /// <summary>The layout's version.</summary>
    public int SchemaVersion { get; init; } = CurrentSchemaVersion;

    /// <summary>What is recorded.</summary>
    public required ReceiptKind Kind { get; init; }

    /// <summary>The run that wrote it.</summary>
    public required string Run { get; init; }

    /// <summary>Which try of this cell in this output folder, from 1.</summary>
    public required int Attempt { get; init; }

    /// <summary>When the try began, UTC.</summary>
    public required DateTimeOffset Started { get; init; }

    /// <summary>The coordinates of what was tried.</summary>
    public required Cell Cell { get; init; }

    /// <summary>What it was tried on, as digests.</summary>
    public required Subject Subject { get; init; }

    /// <summary>What stands behind it.</summary>
    public required Evidence Evidence { get; init; }

    /// <summary>Where the files came from.</summary>
    public required SourceFacts Source { get; init; }

    /// <summary>What the header says of the model; null when it was not read.</summary>
    public ModelFacts? Model { get; init; }

    /// <summary>The backend that answered; null when none did.</summary>
    public BackendFacts? Backend { get; init; }

    /// <summary>The machine.</summary>
    public required MachineFacts Machine { get; init; }

    /// <summary>The stages, in order, as far as the try came.</summary>
    public required IReadOnlyList<StageRecord> Stages { get; init; }

    /// <summary>The checks made.</summary>
    public required IReadOnlyList<CheckRecord> Checks { get; init; }

    /// <summary>Greedy generations, one a prompt.</summary>
    public IReadOnlyList<GenerationRecord> Generations { get; init; } = [];

    /// <summary>The teacher-forced scoring, or null.</summary>
    public ScoreRecord? Score { get; init; }

    /// <summary>A conversation through the model's own template, or null.</summary>
    public ChatRecord? Chat { get; init; }

    /// <summary>Timings, or null when nothing was loaded.</summary>
    public TimingFacts? Timings { get; init; }

    /// <summary>Peak memory, or null when not known.</summary>
    public MemoryFacts? Memory { get; init; }

    /// <summary>What was predicted from the header before anything was loaded, or null: an estimate beside <see cref="Memory"/>.</summary>
    public PredictedMemory? PredictedMemory { get; init; }

    /// <summary>What the weights were stored in and what that lost, or null when the header was not read.</summary>
    public QuantizationFacts? Quantization { get; init; }

    /// <summary>The perplexity of the run's text, or null where none was asked.</summary>
    public PerplexityRecord? Perplexity { get; init; }

    /// <summary>The command that repeats this try.</summary>
    public required string Command { get; init; }

    /// <summary>The last stage or check that was reached, as a word. The chat check stands beside them: it decides no verdict.</summary>
    public string LastReached()
    {
        CheckRecord? lastCheck = Checks.LastOrDefault(c => c.Check != Check.Chat && c.Outcome != Outcome.Skipped);
        if (lastCheck is not null) return CheckName(lastCheck.Check);
        StageRecord? lastStage = Stages.LastOrDefault(s => s.Outcome != Outcome.Skipped);
        return lastStage is null ? "plan" : StageName(lastStage.Stage);
    }

    /// <summary>The first failure of a stage, else of the generate or score check, or null.</summary>
    public FailureRecord? FirstFailure() =>
        Stages.FirstOrDefault(s => s.Failure is not null)?.Failure
        ?? Checks.FirstOrDefault(c => c.Check is Check.Generate or Check.Score && c.Failure is not null)?.Failure;

    /// <summary>The word for a stage.</summary>
    /// <param name="stage">The stage.</param>
    public static string StageName(Stage stage) => Wire.Name(stage);

    /// <summary>The word for a check.</summary>
    /// <param name="check">The check.</param>
    public static string CheckName(Check check) => Wire.Name(check);
}

/// <summary>The coordinates of one thing to try.</summary>
/// <param name="Model">Catalogue id, or a name made from what the user gave.</param>
/// <param name="Quant">Quantization, as <c>Q4_K_M</c>.</param>
/// <param name="Backend"><c>builtin</c> or <c>llama.cpp@v0.5.0</c>.</param>
/// <param name="Hardware">The API asked for: <c>cpu</c>, <c>cuda</c>, …</param>
public sealed record Cell(string Model, string Quant, string Backend, string Hardware)
{
    /// <summary>The coordinates on one line.</summary>
    public override string ToString() => $"{Model} {Quant} {Backend} {Hardware}";
}

/// <summary>One stage of a try.</summary>
/// <param name="Stage">Which.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="Milliseconds">How long it took.</param>
/// <param name="Reason">Why it was skipped, or a remark.</param>
/// <param name="Failure">Why it failed.</param>
public sealed record StageRecord(
    Stage Stage, Outcome Outcome, double Milliseconds, string? Reason = null, FailureRecord? Failure = null);

/// <summary>One check of a try.</summary>
/// <param name="Check">Which.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="Milliseconds">How long it took.</param>
/// <param name="Reason">Why it was skipped, or a remark.</param>
/// <param name="Failure">Why it failed.</param>
public sealed record CheckRecord(
    Check Check, Outcome Outcome, double Milliseconds, string? Reason = null, FailureRecord? Failure = null);

/// <summary>A failure with its evidence.</summary>
/// <param name="Kind">What kind.</param>
/// <param name="Message">The exact message.</param>
/// <param name="Signal">The signal's name, when a process died of one.</param>
/// <param name="ExitCode">The exit code, when a process left with one.</param>
/// <param name="Suspected">The cause is inferred; <paramref name="Why"/> says from what.</param>
/// <param name="Why">What the kind was inferred from.</param>
/// <param name="Log">The last lines of the worker's log.</param>
public sealed record FailureRecord(
    FailureKind Kind,
    string Message,
    string? Signal = null,
    int? ExitCode = null,
    bool Suspected = false,
    string? Why = null,
    string? Log = null);
