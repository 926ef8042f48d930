namespace Harness.Workers;

/// <summary>
/// What became of a request, in the words of receipts. (<c>refused</c> and <c>mismatch</c> are the hub's to say; no
/// worker ends so.)
/// </summary>
public enum WorkerFailureKind
{
    /// <summary>An error the worker reported, an early end with an exit status, or output that breaks the protocol.</summary>
    Error,

    /// <summary>The backend does not know this architecture, tensor type, tokenizer, operation or feature.</summary>
    Unsupported,

    /// <summary>A signal ended the process.</summary>
    Crash,

    /// <summary>No answer in time, or silence for too long.</summary>
    Timeout,

    /// <summary>An allocation was refused, the memory limit was passed, or the kernel killed for memory.</summary>
    OutOfMemory,

    /// <summary>The harness's own fault; never counted against a backend.</summary>
    HarnessError,
}

/// <summary>How the supervisor learned of a failure.</summary>
public enum WorkerFailureCause
{
    /// <summary>The worker said so in an error reply.</summary>
    Reported,

    /// <summary>The process ended with an exit status before it had answered.</summary>
    Exited,

    /// <summary>A signal the harness did not send ended the process.</summary>
    Signalled,

    /// <summary>The time limit passed; the harness killed the process.</summary>
    TimeLimit,

    /// <summary>The silence limit passed; the harness killed the process.</summary>
    Silence,

    /// <summary>The resident-memory limit was passed; the harness killed the process.</summary>
    MemoryLimit,

    /// <summary>Its output broke the protocol; the harness killed the process.</summary>
    Protocol,

    /// <summary>The process could not be started.</summary>
    NotStarted,

    /// <summary>The harness gave up on the worker (a caller's fault, a disposed session).</summary>
    Abandoned,
}

/// <summary>A classified failure of a worker, with its evidence.</summary>
/// <param name="Kind">What it means.</param>
/// <param name="Cause">How it was learned.</param>
/// <param name="Message">One exact, bounded sentence; control characters of quoted output are escaped.</param>
public sealed record WorkerFailure(WorkerFailureKind Kind, WorkerFailureCause Cause, string Message)
{
    /// <summary>The request that failed: <c>hello</c>, <c>load</c>, …; null when the worker ended between requests.</summary>
    public string? Operation { get; init; }

    /// <summary>The exit status, when the process ended by itself. 139 here really is <c>exit(139)</c>.</summary>
    public int? ExitCode { get; init; }

    /// <summary>The signal that ended the process, when the harness did not send it.</summary>
    public int? Signal { get; init; }

    /// <summary>The signal's name, as <c>SIGSEGV</c>.</summary>
    public string? SignalName { get; init; }

    /// <summary>True when the operating system leaves a doubt about <see cref="Kind"/>.</summary>
    public bool Suspected => Doubt is not null;

    /// <summary>Why <see cref="Kind"/> is only suspected, or null when it is certain.</summary>
    public string? Doubt { get; init; }

    /// <summary>The end of what the worker wrote to stderr (at most 4 KiB), readable.</summary>
    public string StderrTail { get; init; } = "";

    /// <summary>The word receipts use for <see cref="Kind"/>: <c>error</c>, <c>out-of-memory</c>, …</summary>
    public string KindName => Kind switch
    {
        WorkerFailureKind.Error => "error",
        WorkerFailureKind.Unsupported => "unsupported",
        WorkerFailureKind.Crash => "crash",
        WorkerFailureKind.Timeout => "timeout",
        WorkerFailureKind.OutOfMemory => "out-of-memory",
        _ => "harness-error",
    };
}

/// <summary>A request to a worker failed. The session lives on only after <see cref="WorkerFailureCause.Reported"/>.</summary>
public sealed class WorkerException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="failure">What happened.</param>
    /// <param name="inner">What caused it, if anything the harness threw.</param>
    public WorkerException(WorkerFailure failure, Exception? inner = null)
        : base(failure?.Message, inner)
    {
        ArgumentNullException.ThrowIfNull(failure);
        Failure = failure;
    }

    /// <summary>What happened, classified.</summary>
    public WorkerFailure Failure { get; }
}
