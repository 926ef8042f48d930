using Harness.Receipts;
using Harness.Workers;

namespace Harness.Runner.Cells;

/// <summary>Failures of workers in the words of receipts.</summary>
internal static class Failures
{
    /// <summary>Most characters of a worker's log that a receipt keeps.</summary>
    private const int MostLog = 2_000;

    public static FailureRecord Of(WorkerFailure failure)
    {
        string log = failure.StderrTail.Length <= MostLog ? failure.StderrTail : "…" + failure.StderrTail[^MostLog..];
        return new FailureRecord(
            failure.Kind switch
            {
                WorkerFailureKind.Error => FailureKind.Error,
                WorkerFailureKind.Unsupported => FailureKind.Unsupported,
                WorkerFailureKind.Crash => FailureKind.Crash,
                WorkerFailureKind.Timeout => FailureKind.Timeout,
                WorkerFailureKind.OutOfMemory => FailureKind.OutOfMemory,
                _ => FailureKind.HarnessError,
            },
            failure.Message,
            failure.SignalName,
            failure.ExitCode,
            failure.Suspected,
            failure.Doubt,
            log.Length == 0 ? null : log);
    }
}
