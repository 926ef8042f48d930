namespace Harness.Workers.Backends;

/// <summary>Why a backend could not be installed.</summary>
public enum BackendFailure
{
    /// <summary>npm is not on this machine.</summary>
    NpmMissing,

    /// <summary>npm could not reach its registry.</summary>
    Offline,

    /// <summary>The registry has no such package or version.</summary>
    NotFound,

    /// <summary>What came is not what was promised: integrity, archive, contents.</summary>
    Corrupt,

    /// <summary>Anything else npm or the file system reported.</summary>
    Failed,
}

/// <summary>A backend that could not be installed, in words.</summary>
public sealed class BackendException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="failure">Its kind.</param>
    /// <param name="message">What was wrong, and where; npm's own words where they are npm's.</param>
    /// <param name="remedy">What to do.</param>
    /// <param name="inner">What caused it.</param>
    public BackendException(BackendFailure failure, string message, string remedy, Exception? inner = null)
        : base(message, inner) => (Failure, Remedy) = (failure, remedy);

    /// <summary>The kind of failure.</summary>
    public BackendFailure Failure { get; }

    /// <summary>What to do about it.</summary>
    public string Remedy { get; }
}
