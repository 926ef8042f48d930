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
    private static readonly TimeSpan ClosedOutputGrace = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan KillGrace = TimeSpan.FromSeconds(5);

    private readonly IChild child;
    private readonly WorkerLimits limits;
    private readonly OutOfMemoryCounters countersAtStart;
    private readonly long startedAt = Stopwatch.GetTimestamp();
    private readonly TaskCompletionSource<WorkerEnd> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly LineBuffer lines = new(WireProtocol.MaxLineBytes);
    private readonly StderrLog log = new();
    private readonly MemoryWatch memory;
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
    private TimeSpan? outputClosedAt;
    private TimeSpan? leavingSince;
    private int loads;

    public WorkerPump(IChild child, WorkerLimits limits, OutOfMemoryCounters countersAtStart)
    {
        this.child = child;
        this.limits = limits;
        this.countersAtStart = countersAtStart;
        memory = new MemoryWatch(child);
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
        TimeSpan wait = limits.ResidentBytes is null ? MemoryWatch.PeakTick : MemoryWatch.LimitTick;
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

    /// <summary>Reads a line, or throws <see cref="ProtocolException"/>, and nothing else, whatever the bytes are.</summary>
    internal static WireReply Parse(ReadOnlySpan<byte> line)
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
        memory.ReadPeak(Now);
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
        memory.ReadPeak(Now);
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
                $"no answer to {current.Operation} within {Evidence.Seconds(limit)}; killed"));
        }
        else if (current is not null && limits.Silence is { } silence && Now - lastSound >= silence)
        {
            KillFor(new(WorkerFailureKind.Timeout, WorkerFailureCause.Silence,
                $"not a byte for {Evidence.Seconds(silence)} during {current.Operation}; killed"));
        }
        else if (leavingSince is { } since)
        {
            if (limits.Exit is { } exit && Now - since >= exit)
            {
                KillFor(new(WorkerFailureKind.Timeout, WorkerFailureCause.TimeLimit,
                    $"answered exit, but was still running after {Evidence.Seconds(exit)}; killed"));
            }
        }
        else if (outputClosedAt is { } closed && Now - closed >= ClosedOutputGrace)
        {
            Violation("closed its stdout while still running");
        }
    }

    private void WatchMemory()
    {
        memory.Tick(Now);
        if (killReason is null && limits.ResidentBytes is { } limit && memory.Beyond(limit, Now) is { } resident)
        {
            KillFor(new(WorkerFailureKind.OutOfMemory, WorkerFailureCause.MemoryLimit,
                $"resident memory of {Evidence.MiB(resident)} passed the limit of {Evidence.MiB(limit)}; killed"));
        }
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
        memory.ReadPeak(Now);
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
        WorkerFailure? found = killReason ?? Ending.Classify(
            status, current?.Operation, leavingSince is not null, lines.Partial, memory.Peak, countersAtStart);
        WorkerFailure? failure = found is null
            ? null
            : found with { Operation = current?.Operation, StderrTail = log.Last(FailureTailBytes) };
        return new WorkerEnd(child.Id, status.ExitCode, status.Signal, loads > 1 ? null : memory.Of(status), status.CpuTime, Now,
            log.Text(), log.Length, failure);
    }

    private void Drain()
    {
        while (ReadOutput() | ReadErrors())
        {
        }
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
}
