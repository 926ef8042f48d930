namespace Harness.Hub;

/// <summary>A repository in the cache, whoever downloaded it.</summary>
/// <param name="Repo"><c>owner/name</c>.</param>
/// <param name="Directory">Its directory in the cache.</param>
/// <param name="Revisions">What is there of it, the latest first.</param>
/// <param name="Incomplete">Downloads that have not ended: paths and bytes so far.</param>
/// <param name="Orphans">Blobs that no snapshot shows: paths and bytes.</param>
public sealed record CachedRepo(
    string Repo, string Directory, IReadOnlyList<CachedRevision> Revisions,
    IReadOnlyList<CachedBlob> Incomplete, IReadOnlyList<CachedBlob> Orphans)
{
    /// <summary>Bytes on the disk: each blob once, however many revisions show it.</summary>
    public long Size => Revisions.SelectMany(r => r.Files).Where(f => !f.IsBroken).DistinctBy(f => f.BlobPath, StringComparer.Ordinal).Sum(f => f.Size)
        + Incomplete.Sum(b => b.Size) + Orphans.Sum(b => b.Size);

    /// <summary>When a file of it was read last, as far as the file system tells; null without files.</summary>
    public DateTime? LastUsed => Revisions.Max(r => r.LastUsed);
}

/// <summary>A revision of a repository in the cache.</summary>
/// <param name="Commit">The commit, as the snapshot's directory is called.</param>
/// <param name="Refs">Branches and tags that named this commit when they were last looked up, sorted.</param>
/// <param name="Directory">The snapshot's directory.</param>
/// <param name="Files">Its files, sorted by path.</param>
public sealed record CachedRevision(string Commit, IReadOnlyList<string> Refs, string Directory, IReadOnlyList<CachedFile> Files)
{
    /// <summary>Bytes of its files, those shared with other revisions included.</summary>
    public long Size => Files.Sum(f => f.Size);

    /// <summary>When a file of it was read last; null without files.</summary>
    public DateTime? LastUsed => Files.Count == 0 ? null : Files.Max(f => f.LastUsed);
}

/// <summary>A file of a snapshot.</summary>
/// <param name="Path">Path within the repository, with <c>/</c>.</param>
/// <param name="LocalPath">Absolute path in the snapshot.</param>
/// <param name="BlobPath">Where the bytes lie: the blob behind the link, or the file itself where there is no link.</param>
/// <param name="Size">Bytes; 0 where the link leads nowhere.</param>
/// <param name="LastUsed">When it was read last (UTC), as far as the file system tells.</param>
/// <param name="Hash">The hash its blob is named by, 64 digits of sha256 or 40 of git's sha1; null where nothing tells it.</param>
/// <param name="IsBroken">Whether the link leads nowhere.</param>
/// <param name="VerifiedAt">When its bytes were last hashed here and found right, if they were not changed since (UTC); else null.</param>
public sealed record CachedFile(
    string Path, string LocalPath, string BlobPath, long Size, DateTime LastUsed, string? Hash, bool IsBroken, DateTime? VerifiedAt);

/// <summary>A file among the blobs.</summary>
/// <param name="Path">Absolute path.</param>
/// <param name="Size">Bytes.</param>
public sealed record CachedBlob(string Path, long Size);
