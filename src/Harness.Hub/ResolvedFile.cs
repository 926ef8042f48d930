namespace Harness.Hub;

/// <summary>
/// A file pinned to a commit and to a hash: enough to fetch it, to verify it, and to say in a receipt what was run.
/// </summary>
public sealed record ResolvedFile
{
    /// <summary><c>owner/name</c>.</summary>
    public required string Repo { get; init; }

    /// <summary>The branch, tag or commit that was asked for.</summary>
    public required string Revision { get; init; }

    /// <summary>The commit (hex).</summary>
    public required string Commit { get; init; }

    /// <summary>Path within the repository, with <c>/</c>; checked to be safe to write below a directory.</summary>
    public required string Path { get; init; }

    /// <summary>Content length in bytes.</summary>
    public required long Size { get; init; }

    /// <summary>sha256 of the content (hex, lower case), or null for files that are plain git objects.</summary>
    public string? Sha256 { get; init; }

    /// <summary>Git blob id of the content (hex, lower case), or null for files in large-file storage.</summary>
    public string? GitSha1 { get; init; }

    /// <summary>Name of the blob in the cache: one of the hashes; null when only a file without a link is known (offline).</summary>
    public string? Etag => Sha256 ?? GitSha1;

    /// <summary>Where the hub serves it; redirects to storage are followed from here each time.</summary>
    public required Uri Url { get; init; }
}

/// <summary>A file in the cache.</summary>
/// <param name="File">What it is.</param>
/// <param name="LocalPath">Absolute path below <c>snapshots/COMMIT/</c>, under its own name.</param>
/// <param name="FromCache">Whether it was there already.</param>
/// <param name="Verified">Whether its bytes were hashed in this call and are the promised ones.</param>
/// <param name="BytesFetched">Bytes that came over the network in this call.</param>
public sealed record DownloadedFile(
    ResolvedFile File, string LocalPath, bool FromCache, bool Verified, long BytesFetched);

/// <summary>How to download.</summary>
public sealed record DownloadOptions
{
    /// <summary>Hashes files that are in the cache already; a wrong one is a <see cref="HubFailure.Mismatch"/>.</summary>
    public bool VerifyCached { get; init; }

    /// <summary>Downloads again what is in the cache, and replaces it.</summary>
    public bool Force { get; init; }

    /// <summary>Receives progress, at most about ten times a second for each file, from any thread.</summary>
    public IProgress<HubProgress>? Progress { get; init; }
}

/// <summary>How far a transfer is.</summary>
/// <param name="Path">The file, as in <see cref="ResolvedFile.Path"/>.</param>
/// <param name="Done">Bytes on the disk, what was resumed included.</param>
/// <param name="Total">Bytes expected.</param>
/// <param name="BytesPerSecond">Rate of this transfer; 0 while unknown.</param>
/// <param name="Note">Something to tell: resuming, waiting, trying again; mostly null.</param>
public sealed record HubProgress(string Path, long Done, long Total, double BytesPerSecond, string? Note = null);
