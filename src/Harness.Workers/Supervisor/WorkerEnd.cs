namespace Harness.Workers;

/// <summary>How a worker process ended, and what it took.</summary>
/// <param name="ProcessId">Its process id, no longer in use.</param>
/// <param name="ExitCode">Its exit status, or null when a signal ended it.</param>
/// <param name="Signal">The signal that ended it (the harness's own SIGKILL included), or null.</param>
/// <param name="Peak">Peak resident memory; null where unknown, or where several models were loaded.</param>
/// <param name="CpuTime">User and system time; null where unknown.</param>
/// <param name="WallClock">From start to end.</param>
/// <param name="Stderr">Its log: the first 16 KiB and the last 64 KiB, readable.</param>
/// <param name="StderrBytes">How long the whole log was.</param>
/// <param name="Failure">The failure it ended with, or null when it ended as asked.</param>
public sealed record WorkerEnd(
    int ProcessId,
    int? ExitCode,
    int? Signal,
    PeakMemory? Peak,
    TimeSpan? CpuTime,
    TimeSpan WallClock,
    string Stderr,
    long StderrBytes,
    WorkerFailure? Failure);

/// <summary>Peak resident memory of a worker process.</summary>
/// <param name="Bytes">Bytes.</param>
/// <param name="Source">
/// Where the figure is from. <c>rusage</c>: exact, from the kernel's accounting at the end. <c>VmHWM</c>: the kernel's
/// high-water mark, exact when last read (after each answer and about fifty times a second in between).
/// </param>
public sealed record PeakMemory(long Bytes, string Source);
