namespace Harness.Hub;

/// <summary>What would be taken out of the cache; nothing is, until <see cref="HubClient.Remove"/>.</summary>
/// <param name="Repo">The repository.</param>
/// <param name="Revisions">Snapshots that go.</param>
/// <param name="Blobs">Blobs that go, downloads that have not ended among them.</param>
/// <param name="Bytes">Bytes that this frees.</param>
/// <param name="Whole">Whether nothing of the repository is left.</param>
public sealed record CacheRemoval(
    CachedRepo Repo, IReadOnlyList<CachedRevision> Revisions, IReadOnlyList<CachedBlob> Blobs, long Bytes, bool Whole)
{
    /// <summary>Whether there is nothing to do.</summary>
    public bool IsEmpty => !Whole && Revisions.Count == 0 && Blobs.Count == 0;

    /// <summary>Plans to remove revisions, with the blobs that no other revision shows.</summary>
    internal static CacheRemoval OfRevisions(CachedRepo repo, IReadOnlyList<CachedRevision> going)
    {
        CachedRevision[] staying = [.. repo.Revisions.Except(going)];
        if (staying.Length == 0)
            return new CacheRemoval(repo, going, [.. BlobsOf(going), .. repo.Incomplete, .. repo.Orphans], repo.Size, Whole: true);
        HashSet<string> shown = new(staying.SelectMany(r => r.Files).Select(f => f.BlobPath), StringComparer.Ordinal);
        CachedBlob[] freed = [.. BlobsOf(going).Where(b => !shown.Contains(b.Path))];
        return new CacheRemoval(repo, going, freed, freed.Sum(b => b.Size), Whole: false);
    }

    /// <summary>Plans to remove what no branch or tag names, what no snapshot shows, and what was never finished.</summary>
    internal static CacheRemoval OfRubbish(CachedRepo repo)
    {
        CachedRevision[] unnamed = [.. repo.Revisions.Where(r => r.Refs.Count == 0)];
        CacheRemoval removal = OfRevisions(repo, unnamed);
        if (removal.Whole)
            return removal;
        CachedBlob[] rest = [.. repo.Incomplete, .. repo.Orphans];
        return removal with { Blobs = [.. removal.Blobs, .. rest], Bytes = removal.Bytes + rest.Sum(b => b.Size) };
    }

    private static IEnumerable<CachedBlob> BlobsOf(IEnumerable<CachedRevision> revisions) => revisions.SelectMany(r => r.Files)
        .Where(f => !f.IsBroken).DistinctBy(f => f.BlobPath, StringComparer.Ordinal).Select(f => new CachedBlob(f.BlobPath, f.Size));
}
