namespace Harness.Hub;

/// <summary>Why the hub, or the cache in its place, could not give what was asked.</summary>
public enum HubFailure
{
    /// <summary>The repository, the revision or the file does not exist (or is hidden from this token).</summary>
    NotFound,

    /// <summary>The query fits more than one file; the message lists them.</summary>
    Ambiguous,

    /// <summary>Gated, private, or the token lacks permission.</summary>
    Refused,

    /// <summary>The hub asked to slow down, for longer than this client waits.</summary>
    RateLimited,

    /// <summary>Network, name resolution, or a server error that outlasted the retries.</summary>
    Unavailable,

    /// <summary>Bytes arrived, or lay in the cache, that are not the promised ones (hash or size).</summary>
    Mismatch,

    /// <summary>Offline mode, and the cache does not have it.</summary>
    Offline,

    /// <summary>The disk is full, or the cache directory cannot be written.</summary>
    Disk,

    /// <summary>The server's answer breaks the protocol, or names a path that must not be written.</summary>
    Protocol,

    /// <summary>The options or the query are wrong: a malformed endpoint, repository name, token or revision.</summary>
    Usage,
}

/// <summary>A failure of the hub or its cache, in words a user can act on. Never holds a token or a signed address.</summary>
public sealed class HubException : Exception
{
    /// <summary>Creates the exception; its message is the three parts, one a line.</summary>
    /// <param name="failure">Its kind.</param>
    /// <param name="what">What went wrong, one line.</param>
    /// <param name="where">Repository, file, address or path concerned.</param>
    /// <param name="advice">What the user can do.</param>
    /// <param name="inner">What caused it.</param>
    public HubException(HubFailure failure, string what, string where, string advice, Exception? inner = null)
        : base($"{what}\n  {where}\n  {advice}", inner)
    {
        Failure = failure;
        What = what;
        Where = where;
        Advice = advice;
    }

    /// <summary>The kind of failure.</summary>
    public HubFailure Failure { get; }

    /// <summary>What went wrong.</summary>
    public string What { get; }

    /// <summary>Repository, file, address or path concerned.</summary>
    public string Where { get; }

    /// <summary>What the user can do.</summary>
    public string Advice { get; }
}
