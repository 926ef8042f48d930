namespace Harness.Workers;

/// <summary>What a worker may take before it is killed. A null limit does not hold.</summary>
public sealed record WorkerLimits
{
    /// <summary>The <c>hello</c>, which includes what is left of the program's own start-up.</summary>
    public TimeSpan? Hello { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>One <c>load</c>.</summary>
    public TimeSpan? Load { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>One <c>tokenize</c>, <c>generate</c>, <c>score</c> or <c>chat</c>.</summary>
    public TimeSpan? Request { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>From <c>exit</c> to the end of the process.</summary>
    public TimeSpan? Exit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The longest a request may go without a byte on the worker's stdout or stderr. A slow stream is not silence.
    /// </summary>
    public TimeSpan? Silence { get; init; }

    /// <summary>
    /// Most resident memory, in bytes, of the worker and its descendants together. Watched from outside about fifty
    /// times a second (Linux only): an address-space limit would hit runtimes that merely reserve.
    /// </summary>
    public long? ResidentBytes { get; init; }
}
