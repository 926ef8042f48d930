namespace Harness.LoopbackHub;

/// <summary>What a loopback hub serves, and to whom.</summary>
public sealed record LoopbackOptions
{
    /// <summary>
    /// Directory of repositories, <c>owner/name/FILES</c>; other revisions lie beside as <c>owner/name@REVISION/FILES</c>.
    /// </summary>
    public required string Root { get; init; }

    /// <summary>Port of the hub; 0 takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>Bytes a second for each body from storage; 0 is unlimited.</summary>
    public int BytesPerSecond { get; init; }

    /// <summary>Entries on a page of a listing; the official hub has 1000.</summary>
    public int PageSize { get; init; } = 1000;

    /// <summary>Tokens that are accepted; with none listed, any token is.</summary>
    public IReadOnlyList<LoopbackToken> Tokens { get; init; } = [];

    /// <summary>Repositories that exist for accepted tokens only.</summary>
    public IReadOnlyCollection<string> Private { get; init; } = [];

    /// <summary>Repositories whose files need an accepted licence.</summary>
    public IReadOnlyCollection<string> Gated { get; init; } = [];

    /// <summary>Old names of repositories, and where they went: answered by a relative redirect.</summary>
    public IReadOnlyDictionary<string, string> Renamed { get; init; } = new Dictionary<string, string>();

    /// <summary>What a search tells of repositories besides their files.</summary>
    public IReadOnlyDictionary<string, LoopbackFacts> Facts { get; init; } = new Dictionary<string, LoopbackFacts>();

    /// <summary>Files of this size and larger are in large-file storage, as are model files of any size.</summary>
    public long LargeFileSize { get; init; } = 10 << 20;

    /// <summary>Files longer than this are not read to be hashed; their digest is made up, so that they cannot be verified.</summary>
    public long LargestHashed { get; init; } = long.MaxValue;
}

/// <summary>An access token.</summary>
/// <param name="Value">As clients send it.</param>
/// <param name="AcceptedLicences">Whether its account accepted the licences of gated repositories.</param>
/// <param name="CanRead">False for a token without permission to read repositories.</param>
public sealed record LoopbackToken(string Value, bool AcceptedLicences = true, bool CanRead = true);

/// <summary>What a search tells of a repository.</summary>
public sealed record LoopbackFacts
{
    /// <summary>Downloads of the last month.</summary>
    public long Downloads { get; init; }

    /// <summary>Likes.</summary>
    public long Likes { get; init; }

    /// <summary>When it was last changed.</summary>
    public DateTime Modified { get; init; } = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    /// <summary>Its licence, or null.</summary>
    public string? License { get; init; }

    /// <summary>Weights, as read from its GGUF files; 0 for untold.</summary>
    public long Parameters { get; init; }

    /// <summary>Architecture, as read from its GGUF files.</summary>
    public string? Architecture { get; init; }
}
