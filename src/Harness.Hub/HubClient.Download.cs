using System.Globalization;

namespace Harness.Hub;

public sealed partial class HubClient
{
    /// <summary>Longest silence of another process that fetches the same file, as a multiple of the stall timeout.</summary>
    private const int LockPatience = 5;

    /// <summary>
    /// Brings files into the cache, several at once, resuming what an earlier process left and verifying what arrives.
    /// </summary>
    /// <param name="files">The files, as resolved.</param>
    /// <param name="options">How; by default without progress, trusting the size of what is cached.</param>
    /// <param name="cancellation">Ends the transfers; what arrived stays for the next time.</param>
    /// <returns>The files in the cache, in the order given.</returns>
    public async Task<IReadOnlyList<DownloadedFile>> DownloadAsync(
        IReadOnlyList<ResolvedFile> files, DownloadOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new DownloadOptions();
        foreach (ResolvedFile file in files)
            CheckPin(file);
        CheckDisk(files, options);

        using var all = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var slots = new SemaphoreSlim(Math.Max(1, Options.Parallelism));
        // Files under way at once share the connections.
        int connections = Math.Max(1, Options.Connections / Math.Clamp(files.Count, 1, Math.Max(1, Options.Parallelism)));
        async Task<DownloadedFile> InSlotAsync(ResolvedFile file)
        {
            await slots.WaitAsync(all.Token).ConfigureAwait(false);
            try
            {
                DownloadedFile done = await DownloadOneAsync(file, options, connections, all.Token).ConfigureAwait(false);
                // Only now: a branch that went on must not hide the snapshot that is there.
                if (!Options.Offline)
                    _cache.WriteRef(file.Repo, file.Revision, file.Commit);
                return done;
            }
            catch (HubException)
            {
                await all.CancelAsync().ConfigureAwait(false);
                throw;
            }
            finally
            {
                slots.Release();
            }
        }

        Task<DownloadedFile>[] transfers = [.. files.Select(InSlotAsync)];
        try
        {
            return await Task.WhenAll(transfers).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // The others ended because one failed: that one is the answer.
            throw transfers.First(t => t.IsFaulted).Exception!.InnerException!;
        }
    }

    /// <summary>Brings one file into the cache.</summary>
    /// <param name="file">The file, as resolved.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellation">Ends the transfer; what arrived stays for the next time.</param>
    /// <returns>The file in the cache.</returns>
    public async Task<DownloadedFile> DownloadAsync(
        ResolvedFile file, DownloadOptions? options = null, CancellationToken cancellation = default) =>
        (await DownloadAsync([file], options, cancellation).ConfigureAwait(false))[0];

    /// <summary>Hashes a file on the disk and compares it with what was promised.</summary>
    /// <param name="file">The promise.</param>
    /// <param name="path">Where the bytes are.</param>
    /// <param name="cancellation">Ends the call.</param>
    /// <returns>The hash (hex): sha256, or git's blob id where the promise is one.</returns>
    /// <exception cref="HubException"><see cref="HubFailure.Mismatch"/>, naming the file, expected and got.</exception>
    public static async Task<string> VerifyAsync(ResolvedFile file, string path, CancellationToken cancellation = default)
    {
        string subject = $"{file.Repo}/{file.Path}@{file.Commit} in {path}";
        string advice = $"remove and fetch it again: harness models download {file.Repo} --file {file.Path} --revision {file.Revision} --force";
        using ContentHash hash = ContentHash.For(file);
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 0, FileOptions.SequentialScan);
            if (stream.Length != file.Size)
                throw new HubException(
                    HubFailure.Mismatch, string.Create(CultureInfo.InvariantCulture, $"the file has {stream.Length} bytes, the hub promises {file.Size}"), subject, advice);
            byte[] buffer = GC.AllocateUninitializedArray<byte>(1 << 20);
            for (int read; (read = await stream.ReadAsync(buffer, cancellation).ConfigureAwait(false)) > 0;)
                hash.Append(buffer.AsSpan(0, read));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HubException(HubFailure.Disk, $"the file cannot be read: {e.Message}", subject, "check the disk and the permissions", e);
        }
        string got = hash.Finish();
        // Offline, without links, nothing says what the hash should be: then the one found is all there is.
        return file.Etag is not { } expected || got == expected ? got : throw new HubException(
            HubFailure.Mismatch, $"the file's {hash.Name} is not the promised one: expected {expected}, got {got}", subject, advice);
    }

    private async Task<DownloadedFile> DownloadOneAsync(ResolvedFile file, DownloadOptions options, int connections, CancellationToken cancellation)
    {
        if (!options.Force && await CachedAsync(file, options, cancellation).ConfigureAwait(false) is { } cached)
            return cached;
        if (Options.Offline)
            throw NotCached($"{file.Repo}/{file.Path}@{file.Commit}", file.Repo);
        if (file.Etag is null)
            throw new HubException(HubFailure.Usage, "this file was resolved offline and has no hash to fetch it by", $"{file.Repo}/{file.Path}", "resolve it again with a network");

        void Note(string note) => options.Progress?.Report(new HubProgress(file.Path, 0, file.Size, 0, note));
        string incomplete = _cache.IncompletePath(file);
        using BlobLock held = await BlobLock.TakeAsync(
            _cache.LockPath(file), incomplete, Options.StallTimeout * LockPatience, Note, cancellation).ConfigureAwait(false);
        // Whoever held the lock may have fetched it.
        if (!options.Force && await CachedAsync(file, options, cancellation).ConfigureAwait(false) is { } meanwhile)
            return meanwhile;

        var download = new BlobDownload(_transport, _retries, Options, file, incomplete, connections, options.Progress);
        await download.RunAsync(cancellation).ConfigureAwait(false);
        HubCache.Guard(incomplete, () => File.Move(incomplete, _cache.BlobPath(file), overwrite: true));
        string placed = _cache.Place(file, blobIsNew: true);
        NoteVerified(placed);
        return new DownloadedFile(file, placed, FromCache: false, Verified: true, download.Fetched);
    }

    private async Task<DownloadedFile?> CachedAsync(ResolvedFile file, DownloadOptions options, CancellationToken cancellation)
    {
        string? path = _cache.Find(file);
        if (path is null && file.Etag is not null && HubCache.HasSize(_cache.BlobPath(file), file.Size))
            path = _cache.Place(file, blobIsNew: false);
        if (path is null)
            return null;
        if (options.VerifyCached)
            await VerifyAsync(file, path, cancellation).ConfigureAwait(false);
        if (options.VerifyCached && file.Etag is not null)
            NoteVerified(path);
        options.Progress?.Report(new HubProgress(file.Path, file.Size, file.Size, 0));
        return new DownloadedFile(file, path, FromCache: true, Verified: options.VerifyCached && file.Etag is not null, 0);
    }

    private void NoteVerified(string path)
    {
        if (HubCache.ContentOf(path) is { Exists: true } content)
            _verified.Note(content.FullName);
    }

    /// <summary>A resolved file may come from a lock file or a receipt: what becomes a path is checked here once more.</summary>
    private static void CheckPin(ResolvedFile file)
    {
        HubNames.CheckRepo(file.Repo);
        HubNames.CheckRevision(file.Revision);
        HubNames.CheckPath(file.Repo, file.Path);
        if (!HubNames.IsCommit(file.Commit) || file.Size < 0
            || file.Sha256 is { } sha256 && !HubNames.IsHex(sha256, 64)
            || file.GitSha1 is { } sha1 && !HubNames.IsHex(sha1, 40))
            throw new HubException(
                HubFailure.Usage, "a commit, a size or a hash of this file is malformed", $"{file.Repo}/{file.Path}",
                "resolve it again, or mend the lock file: hashes are written in lower-case hex");
    }

    private void CheckDisk(IReadOnlyList<ResolvedFile> files, DownloadOptions options)
    {
        long needed = 0;
        foreach (ResolvedFile file in files)
        {
            if (file.Etag is null || !options.Force && (_cache.Find(file) is not null || HubCache.HasSize(_cache.BlobPath(file), file.Size)))
                continue;
            long there = new FileInfo(_cache.IncompletePath(file)) is { Exists: true } part && part.Length <= file.Size ? part.Length : 0;
            // A listing's sizes are its own word: their sum must not wrap.
            needed = Math.Min(long.MaxValue - needed, file.Size - there) + needed;
        }
        if (needed == 0 || Options.Offline)
            return;
        long free = long.MaxValue;
        HubCache.Guard(_cache.Root, () =>
        {
            Directory.CreateDirectory(_cache.Root);
            free = FreeSpace(_cache.Root);
        });
        if (free - Options.DiskReserve < needed)
            throw new HubException(
                HubFailure.Disk, $"not enough disk space: needed {Bytes(needed)} and {Bytes(Options.DiskReserve)} to spare, free {Bytes(free)}",
                _cache.Root, "free space, or set HF_HUB_CACHE to a larger disk");
    }

    private static string Bytes(long bytes) => bytes >= 1L << 30
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):0.00} GiB")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 20):0.0} MiB");
}
