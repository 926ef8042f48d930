namespace Harness.Hub;

/// <summary>
/// Reads what is in the cache directory, as any client of the hub may have left it: links to blobs, whole files where
/// there are no links, downloads that have not ended, links that lead nowhere.
/// </summary>
/// <param name="root">The cache directory.</param>
/// <param name="verified">What was found right before.</param>
internal sealed class CacheScan(string root, VerifiedBlobs verified)
{
    private const string Prefix = "models--";

    private static readonly EnumerationOptions Everything = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None, IgnoreInaccessible = true };

    /// <summary>All repositories of models, by name.</summary>
    public IReadOnlyList<CachedRepo> All()
    {
        if (!Directory.Exists(root)) return [];
        var repos = new List<CachedRepo>();
        foreach (string directory in Directory.EnumerateDirectories(root, Prefix + "*"))
        {
            if (NameOf(Path.GetFileName(directory)) is { } repo && Read(repo, directory) is { } found) repos.Add(found);
        }

        return [.. repos.OrderBy(r => r.Repo, StringComparer.OrdinalIgnoreCase)];
    }

    /// <summary>One repository, or null when nothing of it is in the cache.</summary>
    public CachedRepo? One(string repo)
    {
        string directory = Path.Combine(root, Prefix + repo.Replace("/", "--", StringComparison.Ordinal));
        return Directory.Exists(directory) ? Read(repo, directory) : null;
    }

    /// <summary>The repository a directory is named for: <c>models--owner--name</c>, <c>models--name</c>.</summary>
    private static string? NameOf(string directory)
    {
        string[] parts = directory[Prefix.Length..].Split("--");
        return parts.Length is 1 or 2 && parts.All(p => p.Length > 0) ? string.Join('/', parts) : null;
    }

    private CachedRepo? Read(string repo, string directory)
    {
        string blobs = Path.Combine(directory, "blobs"), snapshots = Path.Combine(directory, "snapshots");
        if (!Directory.Exists(blobs) && !Directory.Exists(snapshots)) return null;
        ILookup<string, string> refs = Refs(Path.Combine(directory, "refs"));
        List<CachedRevision> revisions = [];
        foreach (string snapshot in Directories(snapshots))
        {
            string commit = Path.GetFileName(snapshot);
            revisions.Add(new CachedRevision(
                commit, [.. refs[commit].Order(StringComparer.Ordinal)], snapshot, [.. Files(snapshot, blobs).OrderBy(f => f.Path, StringComparer.Ordinal)]));
        }

        HashSet<string> shown = new(revisions.SelectMany(r => r.Files).Select(f => f.BlobPath), StringComparer.Ordinal);
        List<CachedBlob> incomplete = [], orphans = [];
        foreach (string path in Directory.Exists(blobs) ? Directory.EnumerateFiles(blobs) : [])
        {
            if (shown.Contains(path)) continue;
            bool partial = path.EndsWith(".incomplete", StringComparison.Ordinal);
            (partial ? incomplete : orphans).Add(new CachedBlob(path, Length(path)));
        }

        return new CachedRepo(
            repo, directory, [.. revisions.OrderByDescending(r => r.Refs.Count > 0).ThenByDescending(r => Directory.GetLastWriteTimeUtc(r.Directory))],
            incomplete, orphans);
    }

    private IEnumerable<CachedFile> Files(string snapshot, string blobs)
    {
        foreach (string path in Directory.EnumerateFiles(snapshot, "*", Everything))
        {
            string name = Path.GetRelativePath(snapshot, path).Replace(Path.DirectorySeparatorChar, '/');
            FileInfo? content = HubCache.ContentOf(path);
            if (content is not { Exists: true })
            {
                yield return new CachedFile(name, path, content?.FullName ?? path, 0, default, null, IsBroken: true, null);
                continue;
            }

            // A link may lead anywhere; only a blob of this repository is named by its hash.
            bool blob = string.Equals(Path.GetDirectoryName(content.FullName), blobs, StringComparison.Ordinal);
            string? hash = blob && (HubNames.IsHex(content.Name, 64) || HubNames.IsHex(content.Name, 40)) ? content.Name : null;
            DateTime used = content.LastAccessTimeUtc > content.LastWriteTimeUtc ? content.LastAccessTimeUtc : content.LastWriteTimeUtc;
            yield return new CachedFile(name, path, content.FullName, content.Length, used, hash, IsBroken: false, verified.When(content.FullName));
        }
    }

    /// <summary>Commits, and the branches and tags that name them.</summary>
    private static ILookup<string, string> Refs(string directory)
    {
        List<(string Commit, string Name)> refs = [];
        foreach (string path in Directory.Exists(directory) ? Directory.EnumerateFiles(directory, "*", Everything) : [])
        {
            try
            {
                refs.Add((File.ReadAllText(path).Trim(), Path.GetRelativePath(directory, path).Replace(Path.DirectorySeparatorChar, '/')));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A ref that cannot be read names nothing.
            }
        }

        return refs.ToLookup(r => r.Commit, r => r.Name, StringComparer.Ordinal);
    }

    private static IEnumerable<string> Directories(string path) => Directory.Exists(path) ? Directory.EnumerateDirectories(path) : [];

    private static long Length(string path)
    {
        try
        {
            return new FileInfo(path).Length;
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
