namespace Harness.Hub;

/// <summary>One request, and what it is about, for messages.</summary>
internal sealed record HubRequest(HttpMethod Method, Uri Uri, string? Repo, string Subject)
{
    /// <summary>First byte wanted; null for the whole.</summary>
    public long? From { get; init; }

    /// <summary>Last byte wanted, inclusive; null for all that follow.</summary>
    public long? To { get; init; }

    /// <summary>Stops at a redirect to an absolute address, which then is where the bytes are.</summary>
    public bool StopAtAbsoluteRedirect { get; init; }

    /// <summary>Expects JSON.</summary>
    public bool Json { get; init; }
}
