namespace Harness.Receipts;

/// <summary>One invocation over a plan.</summary>
/// <param name="Id">The run's id.</param>
/// <param name="Started">When it began, UTC.</param>
/// <param name="Machine">The machine.</param>
/// <param name="Profile">The profile run.</param>
/// <param name="Command">The command that repeats the run.</param>
/// <param name="Planned">All cells of the plan, in order: what has no receipt is untested.</param>
public sealed record RunRecord(
    string Id,
    DateTimeOffset Started,
    MachineFacts Machine,
    string Profile,
    string Command,
    IReadOnlyList<Cell> Planned);
