using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Harness.Workers.Processes;
using Harness.Workers.Protocol;

namespace Harness.Workers;

/// <summary>
/// The thread that owns a worker process: it alone reads, writes, watches the limits, kills, reaps and classifies, so
/// that what happened first is never in doubt.
/// </summary>
internal sealed class WorkerPump
{
    private const int FailureTailBytes = 4 << 10;
    private static readonly TimeSpan MemoryTick = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan PeakTick = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ClosedOutputGrace = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan KillGrace = TimeSpan.FromSeconds(5);

    private readonly IChild child;
    private readonly WorkerLimits limits;
    private readonly OutOfMemoryCounters countersAtStart;
    private readonly long startedAt = Stopwatch.GetTimestamp();
    private readonly TaskCompletionSource<WorkerEnd> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly LineBuffer lines = new(WireProtocol.MaxLineBytes);
    private readonly StderrLog log = new();
    private readonly byte[] buffer = new byte[64 << 10];

    // Shared with callers, under the lock.
    private readonly Lock gate = new();
    private Exchange? offered;
    private WorkerFailure? killOrder;
    private bool over;

    // The pump's own.
    private Exchange? current;
    private ReadOnlyMemory<byte> unwritten;
    private WorkerFailure? killReason;
    private Exception? callerFault;
    private TimeSpan killedAt;
    private TimeSpan lastSound;
    private TimeSpan lastPeakRead;
    private TimeSpan? outputClosedAt;
    private TimeSpan? leavingSince;
    private long peak;
    private int loads;
    private int memoryTicks;

    public WorkerPump(IChild child, WorkerLimits limits, OutOfMemoryCounters countersAtStart)
    {
        this.child = child;
        this.limits = limits;
        this.countersAtStart = countersAtStart;
        new Thread(Run, 512 << 10) { IsBackground = true, Name = $"worker {child.Id}" }.Start();
    }

    public Task<WorkerEnd> Ended => ended.Task;

    private TimeSpan Now => Stopwatch.GetElapsedTime(startedAt);

    /// <summary>Hands over a request; the session sees to it that there is one at a time.</summary>
    /// <returns>False when the worker is gone.</returns>
    public bool Offer(Exchange exchange)
    {
        lock (gate)
        {
            if (over)
                return false;
            offered = exchange;
        }

        child.Wake();
        return true;
    }

    /// <summary>Kills the worker for a reason of the harness's own.</summary>
    public void Kill(WorkerFailure reason)
    {
        lock (gate)
            killOrder ??= reason;
        child.Wake();
    }

    /// <summary>Looks again at cancellations.</summary>
    public void Wake() => child.Wake();

    private void Run()
    {
        WorkerEnd end;
        try
        {
            while (!child.HasEnded())
                Turn();
            end = Finish();
        }
        catch (Exception e)
        {
            child.KillGroup();
            WorkerFailure failure = new(
                WorkerFailureKind.HarnessError, WorkerFailureCause.Abandoned, $"the supervisor failed: {e.Message}");
            callerFault = new WorkerException(failure, e);
            _ = child.Reap();
            end = new WorkerEnd(child.Id, null, null, null, null, Now, log.Text(), log.Length, failure);
        }

        lock (gate)
        {
            over = true;
            current ??= offered;
        }

        child.Dispose();
        ended.TrySetResult(end);
        Settle(end);
    }

    private void Turn()
    {
        Accept();
        ChildActivity activity = child.Wait(NextWait(), !unwritten.IsEmpty);
        if (activity.HasFlag(ChildActivity.Errors))
            ReadErrors();
        if (activity.HasFlag(ChildActivity.Output))
            ReadOutput();
        if (!unwritten.IsEmpty && activity.HasFlag(ChildActivity.Writable))
            Write();
        WatchTime();
        WatchMemory();
    }

    private void Accept()
    {
        WorkerFailure? order;
        lock (gate)
        {
            order = killOrder;
            if (current is null && offered is not null)
            {
                current = offered;
                offered = null;
                unwritten = current.Line;
                lastSound = Now;
                if (current.Operation == "load")
                    loads++;
            }
        }

        if (order is not null)
            KillFor(order);
        if (current is not null && current.Cancellation.IsCancellationRequested)
            KillFor(new(WorkerFailureKind.HarnessError, WorkerFailureCause.Abandoned, "cancelled"));
        if (!unwritten.IsEmpty)
            Write();
    }

    private TimeSpan NextWait()
    {
        if (killReason is not null || outputClosedAt is not null)
            return TimeSpan.FromMilliseconds(1);
        TimeSpan wait = limits.ResidentBytes is null ? PeakTick : MemoryTick;
        if (current?.Limit is { } limit)
            wait = Least(wait, limit - current.Elapsed);
        if (current is not null && limits.Silence is { } silence)
            wait = Least(wait, silence - (Now - lastSound));
        return wait > TimeSpan.Zero ? wait : TimeSpan.Zero;
    }

    private void Write()
    {
        int count = child.Write(unwritten.Span);
        // A worker that cannot read any more is ending: its end says more than a broken pipe would.
        unwritten = count < 0 ? default : unwritten[count..];
    }

    private bool ReadErrors()
    {
        int count = child.ReadErrors(buffer);
        if (count <= 0)
            return false;
        lastSound = Now;
        log.Append(buffer.AsSpan(0, count));
        return true;
    }

    private bool ReadOutput()
    {
        int count = child.ReadOutput(buffer);
        if (count == 0)
            outputClosedAt ??= Now;
        if (count <= 0)
            return false;
        lastSound = Now;
        lines.Append(buffer.AsSpan(0, count), OnLine);
        if (lines.Overflowed)
        {
            Violation($"wrote a line longer than {WireProtocol.MaxLineBytes >> 20} MiB, beginning {Evidence.Quote(lines.Partial)}");
        }

        return true;
    }

    private bool OnLine(ReadOnlySpan<byte> line)
    {
        if (killReason is not null)
            return false;
        try
        {
            WireReply reply = Parse(line);
            if (current is null || reply.Id != current.Id)
            {
                throw new ProtocolException(string.Create(
                    CultureInfo.InvariantCulture, $"answered request {reply.Id}, which is not under way: {Evidence.Quote(line)}"));
            }

            if (reply.Event is not null)
                current.OnEvent(reply);
            else if (reply.Error is not null)
                Report(reply.Error);
            else if (reply.Result is not null)
                Complete(reply.Result);
            else
                throw new ProtocolException($"wrote a line with no event, result or error: {Evidence.Quote(line)}");
        }
        catch (ProtocolException e)
        {
            Violation(e.Message);
        }
        catch (Exception e)
        {
            callerFault = e;
            KillFor(new(WorkerFailureKind.HarnessError, WorkerFailureCause.Abandoned, $"a caller failed: {e.Message}"));
        }

        return killReason is null;
    }

    private static WireReply Parse(ReadOnlySpan<byte> line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, WireJson.Default.WireReply)
                ?? throw new ProtocolException("wrote null where a reply was due");
        }
        catch (JsonException e)
        {
            throw new ProtocolException(
                $"wrote to stdout what is no line of the protocol: {Evidence.Quote(line)} ({Evidence.Sentence(e.Message, 200)})");
        }
    }

    private void Report(WireError error)
    {
        WorkerFailureKind kind = error.Kind switch
        {
            "unsupported" => WorkerFailureKind.Unsupported,
            "out-of-memory" => WorkerFailureKind.OutOfMemory,
            _ => WorkerFailureKind.Error,
        };
        Exchange reported = current!;
        current = null;
        ReadPeak();
        while (ReadErrors())
        {
        }

        reported.Fail(new WorkerException(new WorkerFailure(
            kind, WorkerFailureCause.Reported, Evidence.Sentence(error.Message))
        {
            Operation = reported.Operation,
            StderrTail = log.Last(FailureTailBytes),
        }));
    }

    private void Complete(WireResult result)
    {
        Exchange answered = current!;
        ReadPeak();
        if (answered.Operation == "exit")
        {
            // Some runtimes stay as long as somebody might still write to them.
            leavingSince = Now;
            child.CloseInput();
        }

        answered.Complete(result);
        current = null;
    }

    private void WatchTime()
    {
        if (killReason is not null)
        {
            // Not even SIGKILL ends a process in an uninterruptible wait: its caller need not share that wait.
            if (Now - killedAt > KillGrace && current is not null)
            {
                Exchange stuck = current;
                current = null;
                stuck.Fail(new WorkerException(killReason with { Operation = stuck.Operation }));
            }

            return;
        }

        if (current?.Limit is { } limit && current.Elapsed >= limit)
        {
            KillFor(new(WorkerFailureKind.Timeout, WorkerFailureCause.TimeLimit,
                $"no answer to {current.Operation} within {Seconds(limit)}; killed"));
        }
        else if (current is not null && limits.Silence is { } silence && Now - lastSound >= silence)
        {
            KillFor(new(WorkerFailureKind.Timeout, WorkerFailureCause.Silence,
                $"not a byte for {Seconds(silence)} during {current.Operation}; killed"));
        }
        else if (leavingSince is { } since)
        {
            if (limits.Exit is { } exit && Now - since >= exit)
            {
                KillFor(new(WorkerFailureKind.Timeout, WorkerFailureCause.TimeLimit,
                    $"answered exit, but was still running after {Seconds(exit)}; killed"));
            }
        }
        else if (outputClosedAt is { } closed && Now - closed >= ClosedOutputGrace)
        {
            Violation("closed its stdout while still running");
        }
    }

    private void WatchMemory()
    {
        if (Now - lastPeakRead >= PeakTick)
            ReadPeak();
        if (limits.ResidentBytes is not { } limit || killReason is not null)
            return;
        bool tree = memoryTicks++ % 4 == 0;
        long resident = Math.Max(child.ResidentBytes(tree) ?? 0, peak);
        if (resident > limit)
        {
            KillFor(new(WorkerFailureKind.OutOfMemory, WorkerFailureCause.MemoryLimit,
                $"resident memory of {MiB(resident)} passed the limit of {MiB(limit)}; killed"));
        }
    }

    private void ReadPeak()
    {
        lastPeakRead = Now;
        peak = Math.Max(peak, child.PeakResidentBytes() ?? 0);
    }

    private void Violation(string what)
    {
        string during = current is null ? " between requests" : $" during {current.Operation}";
        KillFor(new(WorkerFailureKind.Error, WorkerFailureCause.Protocol, $"the worker{during} {what}"));
    }

    private void KillFor(WorkerFailure reason)
    {
        if (killReason is not null)
            return;
        ReadPeak();
        killReason = reason;
        killedAt = Now;
        child.KillGroup();
    }

    private WorkerEnd Finish()
    {
        // What it wrote before it ended counts; what a lingering descendant may still write does not hold us up.
        Drain();
        ChildStatus status = child.Reap();
        Drain();
        WorkerFailure? failure = Classify(status) is { } found
            ? found with { Operation = current?.Operation, StderrTail = log.Last(FailureTailBytes) }
            : null;
        PeakMemory? memory = status.PeakBytes >= peak ? new PeakMemory(status.PeakBytes.Value, "rusage")
            : peak > 0 ? new PeakMemory(peak, "VmHWM")
            : null;
        return new WorkerEnd(child.Id, status.ExitCode, status.Signal, loads > 1 ? null : memory, status.CpuTime, Now,
            log.Text(), log.Length, failure);
    }

    private void Drain()
    {
        while (ReadOutput() | ReadErrors())
        {
        }
    }

    private WorkerFailure? Classify(ChildStatus status)
    {
        if (killReason is not null)
            return killReason;
        string when = current is null ? "between requests" : $"before it had answered {current.Operation}";
        if (leavingSince is not null)
            when = "on its way out, after it had answered exit";
        string unfinished = lines.Partial.IsEmpty ? "" : $"; its last, unfinished line was {Evidence.Quote(lines.Partial)}";
        if (status.Signal is { } signal)
            return Signalled(signal, when, unfinished);
        if (status.ExitCode is not { } code)
        {
            return new(WorkerFailureKind.HarnessError, WorkerFailureCause.Abandoned,
                $"the worker's exit status could not be read{unfinished}");
        }

        if (code == 0 && (leavingSince is not null || current is { Operation: "exit" }))
            return null;

        // Windows has no signals: a process ended by an exception has the exception's NTSTATUS as its exit status.
        bool exception = OperatingSystem.IsWindows() && (uint)code >= 0xC0000000;
        return new(exception ? WorkerFailureKind.Crash : WorkerFailureKind.Error, WorkerFailureCause.Exited, string.Create(
            CultureInfo.InvariantCulture, $"the worker ended with exit status {code} {when}{unfinished}"))
        {
            ExitCode = code,
        };
    }

    private WorkerFailure Signalled(int signal, string when, string unfinished)
    {
        string name = SignalNames.Of(signal);
        string message = $"the worker was ended by {name} {when}{unfinished}";
        WorkerFailure failure = new(WorkerFailureKind.Crash, WorkerFailureCause.Signalled, message)
        {
            Signal = signal,
            SignalName = name,
        };
        if (signal != SignalNames.Kill)
            return failure;
        (bool likely, string why) = OutOfMemoryCounters.Read().Judge(countersAtStart);
        string last = peak > 0 ? $"; its peak when last seen was {MiB(peak)}" : "";
        return failure with
        {
            Kind = likely ? WorkerFailureKind.OutOfMemory : WorkerFailureKind.Crash,
            Doubt = why + last,
        };
    }

    private void Settle(WorkerEnd end)
    {
        if (current is null)
            return;
        if (current.Cancellation.IsCancellationRequested && killReason?.Cause == WorkerFailureCause.Abandoned)
            current.Cancel();
        else if (callerFault is not null)
            current.Fail(callerFault);
        else if (end.Failure is null && current.Operation == "exit")
            current.Complete(new WireResult());
        else
            current.Fail(new WorkerException(WorkerSession.FailureOf(end) with { Operation = current.Operation }));
    }

    private static TimeSpan Least(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private static string Seconds(TimeSpan time) =>
        string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.###} s");

    private static string MiB(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:0.#} MiB");
}
