using System.Globalization;
using Harness.Workers.Processes;

namespace Harness.Workers;

/// <summary>Says what the end of a process means that the harness did not kill.</summary>
internal static class Ending
{
    /// <summary>Classifies an end.</summary>
    /// <param name="status">How the process ended.</param>
    /// <param name="operation">The request it had not answered, or null.</param>
    /// <param name="leaving">Whether it had answered <c>exit</c>.</param>
    /// <param name="partial">An unfinished line on its stdout.</param>
    /// <param name="peak">Its peak resident memory when last seen, or 0.</param>
    /// <param name="before">The kernel's out-of-memory counters when it started.</param>
    /// <returns>The failure, or null when it ended as asked.</returns>
    public static WorkerFailure? Classify(ChildStatus status, string? operation, bool leaving,
        ReadOnlySpan<byte> partial, long peak, OutOfMemoryCounters before)
    {
        string when = leaving ? "on its way out, after it had answered exit"
            : operation is null ? "between requests"
            : $"before it had answered {operation}";
        string unfinished = partial.IsEmpty ? "" : $"; its last, unfinished line was {Evidence.Quote(partial)}";
        if (status.Signal is { } signal)
            return Signalled(signal, when + unfinished, peak, before);
        if (status.ExitCode is not { } code)
        {
            return new(WorkerFailureKind.HarnessError, WorkerFailureCause.Abandoned,
                $"the worker's exit status could not be read{unfinished}");
        }

        if (code == 0 && (leaving || operation == "exit"))
            return null;

        // Windows has no signals: a process ended by an exception has the exception's NTSTATUS as its exit status.
        bool exception = OperatingSystem.IsWindows() && (uint)code >= 0xC0000000;
        return new(exception ? WorkerFailureKind.Crash : WorkerFailureKind.Error, WorkerFailureCause.Exited,
            string.Create(
                CultureInfo.InvariantCulture, $"the worker ended with exit status {code} {when}{unfinished}"))
        {
            ExitCode = code,
        };
    }

    private static WorkerFailure Signalled(int signal, string when, long peak, OutOfMemoryCounters before)
    {
        string name = SignalNames.Of(signal);
        WorkerFailure failure = new(
            WorkerFailureKind.Crash, WorkerFailureCause.Signalled, $"the worker was ended by {name} {when}")
        {
            Signal = signal,
            SignalName = name,
        };
        if (signal != SignalNames.Kill)
            return failure;
        (bool likely, string why) = OutOfMemoryCounters.Read().Judge(before);
        string last = peak > 0 ? $"; its peak when last seen was {Evidence.MiB(peak)}" : "";
        return failure with
        {
            Kind = likely ? WorkerFailureKind.OutOfMemory : WorkerFailureKind.Crash,
            Doubt = why + last,
        };
    }
}
