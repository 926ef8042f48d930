namespace Harness.Hub;

/// <summary>
/// The cache directory of the official clients:
/// <c>models--owner--name/{blobs/ETAG, snapshots/COMMIT/PATH → ../../blobs/ETAG, refs/REVISION}</c> and <c>.locks/</c>.
/// </summary>
internal sealed class HubCache(HubOptions options)
{
    private bool? _linksWork = options.DisableSymlinks ? false : null;

    /// <summary>The cache directory.</summary>
    public string Root { get; } = Path.GetFullPath(options.CacheDirectory);

    /// <summary>A repository's directory.</summary>
    public string RepoDirectory(string repo) => Path.Combine(Root, "models--" + repo.Replace("/", "--", StringComparison.Ordinal));

    /// <summary>Where a file's bytes lie, under their hash.</summary>
    public string BlobPath(ResolvedFile file) => Path.Combine(RepoDirectory(file.Repo), "blobs", file.Etag!);

    /// <summary>The bytes of a transfer that has not ended.</summary>
    public string IncompletePath(ResolvedFile file) => BlobPath(file) + ".incomplete";

    /// <summary>The lock of a blob.</summary>
    public string LockPath(ResolvedFile file) => Path.Combine(
        Root, ".locks", "models--" + file.Repo.Replace("/", "--", StringComparison.Ordinal), file.Etag + ".lock");

    /// <summary>Where a file is found under its own name.</summary>
    public string SnapshotPath(string repo, string commit, string path) =>
        Path.Combine(RepoDirectory(repo), "snapshots", commit, Path.Combine(path.Split('/')));

    /// <summary>A file's path under its own name, when it is there with the size it must have.</summary>
    public string? Find(ResolvedFile file)
    {
        string path = SnapshotPath(file.Repo, file.Commit, file.Path);
        return HasSize(path, file.Size) ? path : null;
    }

    /// <summary>Whether a file is there (links followed) with a size.</summary>
    public static bool HasSize(string path, long size) => ContentOf(path) is { Exists: true } info && info.Length == size;

    /// <summary>The file behind a path that may be a link.</summary>
    public static FileInfo? ContentOf(string path)
    {
        try
        {
            var info = new FileInfo(path);
            return info.LinkTarget is null ? info : info.ResolveLinkTarget(returnFinalTarget: true) as FileInfo;
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>The commit a revision had when it was last looked up, or null.</summary>
    public string? ReadRef(string repo, string revision)
    {
        if (HubNames.IsCommit(revision))
            return revision;
        string path = RefPath(repo, revision);
        try
        {
            string commit = File.ReadAllText(path).Trim();
            return HubNames.IsCommit(commit) ? commit : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Notes which commit a revision has.</summary>
    public void WriteRef(string repo, string revision, string commit)
    {
        if (revision == commit || ReadRef(repo, revision) == commit)
            return;
        string path = RefPath(repo, revision);
        Guard(path, () =>
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            string fresh = Fresh(repo);
            File.WriteAllText(fresh, commit);
            File.Move(fresh, path, overwrite: true);
        });
    }

    private string RefPath(string repo, string revision) =>
        Path.Combine(RepoDirectory(repo), "refs", Path.Combine(revision.Split('/')));

    /// <summary>What lies in a snapshot, as if it were a listing; hashes where the links tell them.</summary>
    public RepoListing? ListSnapshot(string repo, string revision)
    {
        if (ReadRef(repo, revision) is not { } commit)
            return null;
        string root = Path.Combine(RepoDirectory(repo), "snapshots", commit);
        if (!Directory.Exists(root))
            return null;
        var files = new List<RepoFile>();
        foreach (string path in Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories))
        {
            if (ContentOf(path) is not { Exists: true } content)
                continue;
            string name = Path.GetRelativePath(root, path).Replace(Path.DirectorySeparatorChar, '/');
            bool linked = !string.Equals(content.FullName, Path.GetFullPath(path), StringComparison.Ordinal);
            string etag = linked ? content.Name : "";
            files.Add(new RepoFile(name, content.Length, HubNames.IsHex(etag, 40) ? etag : "", HubNames.IsHex(etag, 64) ? etag : null));
        }
        return new RepoListing(repo, revision, commit, [.. files.OrderBy(f => f.Path, StringComparer.Ordinal)]);
    }

    /// <summary>Makes a blob appear under its own name in the snapshot.</summary>
    /// <returns>The snapshot's path.</returns>
    public string Place(ResolvedFile file, bool blobIsNew)
    {
        string blob = BlobPath(file);
        string pointer = SnapshotPath(file.Repo, file.Commit, file.Path);
        Guard(pointer, () =>
        {
            string directory = Path.GetDirectoryName(pointer)!;
            Directory.CreateDirectory(directory);
            string fresh = Fresh(file.Repo);
            if (LinksWork())
                File.CreateSymbolicLink(fresh, Path.GetRelativePath(directory, blob));
            else if (blobIsNew)
                fresh = blob;
            else
                // The blob may be somebody else's, behind a link of theirs: it stays.
                File.Copy(blob, fresh);
            File.Move(fresh, pointer, overwrite: true);
        });
        return pointer;
    }

    /// <summary>A name for what is about to be renamed: where nobody lists it, should the process end in between.</summary>
    private string Fresh(string repo) => Path.Combine(RepoDirectory(repo), "." + Guid.NewGuid().ToString("N"));

    private bool LinksWork()
    {
        if (_linksWork is { } known)
            return known;
        string probe = Path.Combine(Root, "." + Guid.NewGuid().ToString("N"));
        try
        {
            File.CreateSymbolicLink(probe, "target");
            File.Delete(probe);
            _linksWork = true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or PlatformNotSupportedException)
        {
            _linksWork = false;
        }
        return _linksWork.Value;
    }

    /// <summary>Runs a disk operation and names its failure.</summary>
    public static void Guard(string path, Action operation)
    {
        try
        {
            operation();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw DiskFailure(path, e);
        }
    }

    /// <summary>The failure behind an I/O exception.</summary>
    public static HubException DiskFailure(string path, Exception e)
    {
        const int enospc = 28, edquot = 122, windowsDiskFull = unchecked((int)0x80070070);
        bool full = e.HResult is enospc or edquot or windowsDiskFull;
        return new HubException(
            HubFailure.Disk, full ? "the disk is full" : $"cannot write to the cache: {e.Message}", path,
            full ? "free space, or set HF_HUB_CACHE to a larger disk, then run again: the download goes on where it stopped"
                : "check the permissions, or set HF_HUB_CACHE to a directory you may write", e);
    }
}
