namespace Harness.Hub;

public sealed partial class HubClient
{
    /// <summary>
    /// Hashes the files of a cached repository and compares them with what their blobs are named by, or, for files that
    /// are no blobs, with what the hub says of that commit. A blob that several snapshots show is hashed once.
    /// </summary>
    /// <param name="repo">The repository.</param>
    /// <param name="progress">Told how far it is, a file at a time.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>A finding for each file of each snapshot.</returns>
    public async Task<IReadOnlyList<CacheFinding>> VerifyCachedAsync(
        CachedRepo repo, IProgress<HubProgress>? progress = null, CancellationToken cancellation = default)
    {
        var seen = new Dictionary<string, CacheFinding>(StringComparer.Ordinal);
        var findings = new List<CacheFinding>();
        foreach (CachedRevision revision in repo.Revisions)
        {
            RepoListing? listing = null;
            string? untold = null;
            foreach (CachedFile file in revision.Files)
            {
                if (seen.TryGetValue(file.BlobPath, out CacheFinding? known))
                {
                    findings.Add(known with { Commit = revision.Commit, File = file });
                    continue;
                }

                if (file is { IsBroken: false, Hash: null } && listing is null && untold is null)
                    (listing, untold) = await AskAsync(repo.Repo, revision.Commit, cancellation).ConfigureAwait(false);
                CacheFinding finding = await VerifyAsync(repo.Repo, revision.Commit, file, listing, untold, progress, cancellation).ConfigureAwait(false);
                if (!file.IsBroken)
                    seen[file.BlobPath] = finding;
                findings.Add(finding);
            }
        }

        return findings;
    }

    private async Task<CacheFinding> VerifyAsync(
        string repo, string commit, CachedFile file, RepoListing? listing, string? untold, IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        CacheFinding Found(CacheFindingKind kind, string? name, string? expected, string? got, string? reason) =>
            new(repo, commit, file, kind, name, expected, got, reason);
        if (file.IsBroken)
            return Found(CacheFindingKind.Broken, null, null, null, "the link leads nowhere: its blob is gone");
        RepoFile? listed = listing?.Files.FirstOrDefault(f => f.Path == file.Path);
        string? expected = file.Hash ?? listed?.Sha256 ?? listed?.GitSha1;
        if (expected is null)
            return Found(CacheFindingKind.Unknown, null, null, null, untold ?? "the hub does not list this file at that commit");
        if (listed is not null && listed.Size != file.Size)
        {
            _verified.Forget(file.BlobPath);
            return Found(CacheFindingKind.Wrong, null, expected, null, $"the file has {file.Size} bytes, the hub promises {listed.Size}");
        }

        bool large = expected.Length == 64;
        using ContentHash hash = ContentHash.Of(large, file.Size);
        try
        {
            await HashAsync(file, hash, progress, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Found(CacheFindingKind.Unreadable, hash.Name, expected, null, e.Message);
        }

        string got = hash.Finish();
        if (got == expected)
        {
            _verified.Note(file.BlobPath);
            return Found(CacheFindingKind.Right, hash.Name, expected, got, null);
        }

        _verified.Forget(file.BlobPath);
        return Found(CacheFindingKind.Wrong, hash.Name, expected, got, "the bytes are not the promised ones");
    }

    private static async Task HashAsync(CachedFile file, ContentHash hash, IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        byte[] buffer = GC.AllocateUninitializedArray<byte>(1 << 20);
        long done = 0;
        using (var stream = new FileStream(file.BlobPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 0, FileOptions.SequentialScan))
        {
            for (int read; (read = await stream.ReadAsync(buffer, cancellation).ConfigureAwait(false)) > 0;)
            {
                hash.Append(buffer.AsSpan(0, read));
                done += read;
                progress?.Report(new HubProgress(file.Path, done, file.Size, 0));
            }
        }

        try
        {
            // Verifying is not using: what was not used for long shall still look so.
            File.SetLastAccessTimeUtc(file.BlobPath, file.LastUsed);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Somebody else's file.
        }
    }

    /// <summary>What the hub says of a commit, or why it does not.</summary>
    private async Task<(RepoListing? Listing, string? Untold)> AskAsync(string repo, string commit, CancellationToken cancellation)
    {
        if (Options.Offline || !HubNames.IsCommit(commit))
            return (null, Options.Offline ? "the file is no blob, and offline the hub cannot be asked for its hash" : "the snapshot is not named by a commit");
        try
        {
            return (await ListFilesAsync(repo, commit, cancellation).ConfigureAwait(false), null);
        }
        catch (HubException e)
        {
            return (null, "the file is no blob, and the hub does not tell its hash: " + e.What);
        }
    }
}
