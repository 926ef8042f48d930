namespace Harness.Hub;

public sealed partial class HubClient
{
    /// <summary>What the cache holds of models, whoever downloaded it.</summary>
    /// <returns>The repositories, by name.</returns>
    public IReadOnlyList<CachedRepo> ListCached() => new CacheScan(_cache.Root, _verified).All();

    /// <summary>What the cache holds of one repository.</summary>
    /// <param name="repo"><c>owner/name</c>.</param>
    /// <returns>The repository.</returns>
    /// <exception cref="HubException">Nothing of it is there (<see cref="HubFailure.NotFound"/>), with what is.</exception>
    public CachedRepo FindCachedRepo(string repo)
    {
        HubNames.CheckRepo(repo);
        var scan = new CacheScan(_cache.Root, _verified);
        if (scan.One(repo) is { } found)
            return found;
        string[] others = [.. scan.All().Select(r => r.Repo)];
        string there = others.Length == 0 ? "the cache holds no models"
            : "in the cache: " + string.Join(", ", others.Take(20)) + (others.Length > 20 ? $" and {others.Length - 20} more" : "");
        throw new HubException(HubFailure.NotFound, $"nothing of {repo} is in the cache", _cache.Root, there);
    }

    /// <summary>Plans to remove a repository from the cache, or one revision of it.</summary>
    /// <param name="repo"><c>owner/name</c>.</param>
    /// <param name="revision">A branch, a tag, or the beginning of a commit; null for all.</param>
    /// <returns>What would go.</returns>
    /// <exception cref="HubException">It is not in the cache, or several commits begin so.</exception>
    public CacheRemoval PlanRemoval(string repo, string? revision)
    {
        CachedRepo cached = FindCachedRepo(repo);
        if (revision is null)
            return CacheRemoval.OfRevisions(cached, cached.Revisions);
        CachedRevision[] named = [.. cached.Revisions.Where(r => r.Refs.Contains(revision) || r.Commit == revision)];
        if (named.Length == 0 && revision.Length >= 4)
            named = [.. cached.Revisions.Where(r => r.Commit.StartsWith(revision, StringComparison.Ordinal))];
        string there = string.Join(", ", cached.Revisions.Select(r => r.Refs.Count > 0 ? $"{string.Join(", ", r.Refs)} ({r.Commit})" : r.Commit));
        return named.Length switch
        {
            1 => CacheRemoval.OfRevisions(cached, named),
            0 => throw new HubException(HubFailure.NotFound, $"revision {revision} is not in the cache", repo, "in the cache: " + there),
            _ => throw new HubException(HubFailure.Ambiguous, $"several commits begin with {revision}", repo, "in the cache: " + there),
        };
    }

    /// <summary>Plans to remove downloads that have not ended, blobs that no snapshot shows and snapshots that no branch or tag names.</summary>
    /// <returns>What would go of each repository that has some.</returns>
    public IReadOnlyList<CacheRemoval> PlanPruning() => [.. ListCached().Select(CacheRemoval.OfRubbish).Where(r => !r.IsEmpty)];

    /// <summary>Removes what was planned. A file that another process downloads at this moment stays, with its repository.</summary>
    /// <param name="removal">The plan.</param>
    /// <returns>Bytes that were freed.</returns>
    /// <exception cref="HubException">Something cannot be removed (<see cref="HubFailure.Disk"/>), or is being downloaded (<see cref="HubFailure.Unavailable"/>).</exception>
    public long Remove(CacheRemoval removal)
    {
        string locks = Path.Combine(_cache.Root, ".locks", Path.GetFileName(removal.Repo.Directory));
        List<BlobLock> held = [];
        try
        {
            // A download under way is called by its hash too, with an ending.
            foreach (string name in removal.Blobs.Select(b => Path.GetFileName(b.Path).Split('.')[0]).Distinct())
            {
                // Only what was ever downloaded has a lock.
                string path = Path.Combine(locks, name + ".lock");
                if (File.Exists(path))
                    held.Add(BlobLock.TryTake(path) ?? throw new HubException(
                        HubFailure.Unavailable, $"another process downloads a file of {removal.Repo.Repo}", path, "wait for it, or end it; then run again"));
            }

            return RemoveLocked(removal);
        }
        finally
        {
            held.ForEach(l => l.Dispose());
            if (removal.Whole && Directory.Exists(locks) && !Directory.Exists(removal.Repo.Directory))
                HubCache.Guard(locks, () => Directory.Delete(locks, recursive: true));
        }
    }

    private long RemoveLocked(CacheRemoval removal)
    {
        foreach (CachedBlob blob in removal.Blobs)
            _verified.Forget(blob.Path);
        string repo = removal.Repo.Directory;
        if (removal.Whole)
        {
            // Renamed first, so that nobody finds half of it.
            string going = Path.Combine(_cache.Root, "." + Guid.NewGuid().ToString("N"));
            HubCache.Guard(repo, () =>
            {
                Directory.Move(repo, going);
                Directory.Delete(going, recursive: true);
            });
            return removal.Bytes;
        }

        foreach (CachedRevision revision in removal.Revisions)
        {
            foreach (string name in revision.Refs)
            {
                string path = Path.Combine(repo, "refs", Path.Combine(name.Split('/')));
                HubCache.Guard(path, () => File.Delete(path));
            }

            HubCache.Guard(revision.Directory, () => Directory.Delete(revision.Directory, recursive: true));
        }

        foreach (CachedBlob blob in removal.Blobs)
            HubCache.Guard(blob.Path, () => File.Delete(blob.Path));
        return removal.Bytes;
    }
}
