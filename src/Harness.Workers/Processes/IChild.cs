namespace Harness.Workers.Processes;

/// <summary>What happened on a child's pipes.</summary>
[Flags]
internal enum ChildActivity
{
    None = 0,
    Output = 1,
    Errors = 2,
    Writable = 4,
}

/// <summary>How a child ended.</summary>
/// <param name="ExitCode">Its exit status, or null.</param>
/// <param name="Signal">The signal that ended it, or null.</param>
/// <param name="PeakBytes">The kernel's peak resident memory, where it is the child's own and not its parent's.</param>
/// <param name="CpuTime">User and system time.</param>
internal readonly record struct ChildStatus(int? ExitCode, int? Signal, long? PeakBytes, TimeSpan? CpuTime);

/// <summary>
/// A started process with pipes on its three standard streams. Only the session's thread calls it, except
/// <see cref="Wake"/>. Nothing here blocks longer than asked.
/// </summary>
internal interface IChild : IDisposable
{
    int Id { get; }

    /// <summary>Waits until a pipe is ready, <see cref="Wake"/> is called, or the time is over.</summary>
    ChildActivity Wait(TimeSpan atMost, bool wantsToWrite);

    /// <summary>Ends a <see cref="Wait"/>; from any thread.</summary>
    void Wake();

    /// <summary>Reads what is there: the count, 0 at the end of the stream, −1 when there is nothing now.</summary>
    int ReadOutput(Span<byte> buffer);

    /// <inheritdoc cref="ReadOutput"/>
    int ReadErrors(Span<byte> buffer);

    /// <summary>Writes what fits: the count, 0 when nothing fits now, −1 when nobody can read it any more.</summary>
    int Write(ReadOnlySpan<byte> bytes);

    void CloseInput();

    /// <summary>Whether the process has ended; it stays a zombie, and its id taken, until <see cref="Reap"/>.</summary>
    bool HasEnded();

    /// <summary>Kills the process and all of its group, at once.</summary>
    void KillGroup();

    /// <summary>After <see cref="HasEnded"/>: ends what lingers of its group and releases the process.</summary>
    ChildStatus Reap();

    long? ResidentBytes(bool withDescendants);

    long? PeakResidentBytes();
}
