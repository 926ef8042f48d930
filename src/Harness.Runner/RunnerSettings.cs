using Harness.Receipts;

namespace Harness.Runner;

/// <summary>What a run needs to know besides its plan.</summary>
public sealed record RunnerSettings
{
    /// <summary>The run's id.</summary>
    public required string RunId { get; init; }

    /// <summary>Path of the harness executable, of which workers are second copies.</summary>
    public required string Executable { get; init; }

    /// <summary>Where the harness keeps what it makes: <c>HARNESS_HOME</c>.</summary>
    public required string Home { get; init; }

    /// <summary>The catalogue's directory; committed references lie in its <c>references</c> folder.</summary>
    public required string CatalogueDirectory { get; init; }

    /// <summary>The machine, as receipts record it.</summary>
    public required MachineFacts Machine { get; init; }

    /// <summary>Takes private text out of receipts.</summary>
    public required Redactor Redactor { get; init; }

    /// <summary>The profile run.</summary>
    public required string Profile { get; init; }

    /// <summary>The command that repeats the run.</summary>
    public required string Command { get; init; }

    /// <summary>Options that a command repeating one cell needs besides its coordinates, with a leading space; or empty.</summary>
    public string CellCommandSuffix { get; init; } = "";

    /// <summary>Skips cells that have a settled receipt of the same subject.</summary>
    public bool Resume { get; init; }

    /// <summary>Compute threads the user asked for; null leaves the choice to <see cref="ThreadsFor"/>.</summary>
    public int? Threads { get; init; }

    /// <summary>
    /// Compute threads for a model: one a core, but a single one for models so small that threads wait for each other
    /// longer than they compute, the more so on a busy machine.
    /// </summary>
    /// <param name="fileBytes">Size of the model's files; null when not known.</param>
    public int ThreadsFor(long? fileBytes) =>
        Threads ?? (fileBytes is < SmallModelBytes ? 1 : Math.Max(1, Environment.ProcessorCount));

    private const long SmallModelBytes = 64L << 20;

    /// <summary>Memory that can be used now, or null when unknown.</summary>
    public long? AvailableMemoryBytes { get; init; }
}
