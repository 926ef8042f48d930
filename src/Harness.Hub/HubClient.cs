using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Harness.Hub;

/// <summary>
/// Finds, lists, reads, fetches and verifies files of HuggingFace repositories, through the cache the official clients
/// use. Safe for many threads. Every failure is a <see cref="HubException"/>.
/// </summary>
public sealed partial class HubClient : IDisposable
{
    private const int LargestAnswer = 64 << 20;
    private const int MostPages = 1000;

    private readonly HubTransport _transport;
    private readonly Retries _retries;
    private readonly HubCache _cache;
    private readonly VerifiedBlobs _verified;

    /// <summary>Creates a client.</summary>
    /// <param name="options">Where the hub and the cache are.</param>
    public HubClient(HubOptions options)
    {
        Options = options;
        _transport = new HubTransport(options);
        _retries = new Retries(options);
        _cache = new HubCache(options);
        _verified = new VerifiedBlobs(options.VerifiedDirectory);
    }

    /// <summary>Where the hub and the cache are; the endpoint belongs into receipts.</summary>
    public HubOptions Options { get; }

    /// <summary>Free bytes on the disk of a directory; replaced by tests.</summary>
    internal Func<string, long> FreeSpace { get; init; } = directory => new DriveInfo(directory).AvailableFreeSpace;

    /// <summary>Lists a repository's files with sizes and hashes; offline, what the cache has of it.</summary>
    /// <param name="repo"><c>owner/name</c>.</param>
    /// <param name="revision">Branch, tag or commit; by default <c>main</c>.</param>
    /// <param name="cancellation">Ends the call.</param>
    /// <returns>The listing, pinned to a commit.</returns>
    public async Task<RepoListing> ListFilesAsync(string repo, string? revision = null, CancellationToken cancellation = default)
    {
        HubNames.CheckRepo(repo);
        revision = HubNames.CheckRevision(revision ?? "main");
        if (Options.Offline)
            return _cache.ListSnapshot(repo, revision) ?? throw NotCached($"{repo}@{revision}", repo);

        string subject = $"{repo}@{revision}";
        string commit = revision;
        if (!HubNames.IsCommit(revision))
        {
            (ModelInfo info, _) = await GetJsonAsync(
                Address($"api/models/{repo}/revision/{Uri.EscapeDataString(revision)}"), repo, subject, HubJson.Default.ModelInfo, cancellation).ConfigureAwait(false);
            commit = info.Sha is { } sha && HubNames.IsCommit(sha) ? sha : throw Broken("its answer names no commit", subject);
        }

        var files = new Dictionary<string, RepoFile>(StringComparer.Ordinal);
        Uri? page = Address($"api/models/{repo}/tree/{commit}?recursive=true");
        for (int pages = 0; page is not null; pages++)
        {
            if (pages == MostPages)
                throw Broken($"its listing has more than {MostPages} pages", subject);
            (TreeEntry[] entries, Uri? next) = await GetJsonAsync(page, repo, subject, HubJson.Default.TreeEntryArray, cancellation).ConfigureAwait(false);
            foreach (TreeEntry entry in entries)
                if (entry is { Type: "file" })
                    files[entry.Path ?? ""] = ToFile(entry, subject);
            if (next is not null && !HubTransport.SameOrigin(next, Options.Endpoint))
                throw Broken("its listing goes on at another host", subject);
            page = next;
        }
        return new RepoListing(repo, revision, commit, [.. files.Values.OrderBy(f => f.Path, StringComparer.Ordinal)]);
    }

    /// <summary>Finds the concrete files that a query means: one file, or all shards of one model, in order.</summary>
    /// <param name="repo"><c>owner/name</c>.</param>
    /// <param name="revision">Branch, tag or commit; by default <c>main</c>.</param>
    /// <param name="query">Which files.</param>
    /// <param name="cancellation">Ends the call.</param>
    /// <returns>Files pinned to commit and hash.</returns>
    /// <exception cref="HubException">
    /// <see cref="HubFailure.NotFound"/> or <see cref="HubFailure.Ambiguous"/>, listing what is there.
    /// </exception>
    public async Task<IReadOnlyList<ResolvedFile>> ResolveAsync(
        string repo, string? revision, FileQuery query, CancellationToken cancellation = default)
    {
        HubNames.CheckRepo(repo);
        revision = HubNames.CheckRevision(revision ?? "main");
        bool isPath = query is { Quant: null, File: { } named } && !FileSelection.IsGlob(named)
            && HubNames.UnsafeReason(named) is null && !ShardSet.IsShard(named);
        if (isPath && !Options.Offline)
        {
            // A pinned file that the cache holds needs no network at all.
            if (HubNames.IsCommit(revision) && _cache.ListSnapshot(repo, revision)?.Files.FirstOrDefault(f => f.Path == query.File) is { } cached
                && (cached.Sha256 is not null || cached.GitSha1.Length > 0))
                return [Pin(repo, revision, revision, cached)];
            try
            {
                if (await TryStatAsync(repo, revision, query.File!, cancellation).ConfigureAwait(false) is { } file)
                    return [file];
            }
            catch (HubException e) when (e.Failure == HubFailure.NotFound)
            {
                // The listing tells which of repository, revision and file it is, and what is there instead.
            }
        }
        RepoListing listing = await ListFilesAsync(repo, revision, cancellation).ConfigureAwait(false);
        try
        {
            return [.. FileSelection.Select(listing, query).Select(f => Pin(repo, revision, listing.Commit, f))];
        }
        catch (HubException e) when (Options.Offline && e.Failure == HubFailure.NotFound)
        {
            throw new HubException(HubFailure.Offline, "offline: " + e.What + " in the cache", e.Where,
                $"fetch it with a network: harness models download {repo}; in the cache {e.Advice}", e);
        }
    }

    /// <summary>Asks for one file's commit, size and hash by a single request.</summary>
    /// <param name="repo"><c>owner/name</c>.</param>
    /// <param name="revision">Branch, tag or commit.</param>
    /// <param name="path">Path within the repository.</param>
    /// <param name="cancellation">Ends the call.</param>
    /// <returns>The file.</returns>
    public async Task<ResolvedFile> StatAsync(string repo, string revision, string path, CancellationToken cancellation = default)
    {
        HubNames.CheckRepo(repo);
        HubNames.CheckRevision(revision);
        HubNames.CheckPath(repo, path);
        return await TryStatAsync(repo, revision, path, cancellation).ConfigureAwait(false)
            ?? throw Broken("its answer lacks commit, size or hash", $"{repo}/{path}@{revision}");
    }

    /// <summary>The file by one HEAD request, or null when the server does not tell all of it.</summary>
    private async Task<ResolvedFile?> TryStatAsync(string repo, string revision, string path, CancellationToken cancellation)
    {
        string subject = $"{repo}/{path}@{revision}";
        using HubResponse response = await _retries.RunAsync(
            c => _transport.SendAsync(
                new HubRequest(HttpMethod.Head, ResolveAddress(repo, revision, path), repo, subject) { StopAtAbsoluteRedirect = true }, c),
            null, null, cancellation).ConfigureAwait(false);
        string? sha256 = HubNames.IsHex(response.LinkedEtag, 64) ? response.LinkedEtag : null;
        string? git = sha256 is null && HubNames.IsHex(response.LinkedEtag ?? response.Etag, 40) ? response.LinkedEtag ?? response.Etag : null;
        long? size = response.LinkedSize ?? (response.Status == System.Net.HttpStatusCode.OK ? response.Length : null);
        if (response.Commit is not { } commit || !HubNames.IsCommit(commit) || size is not { } length || (sha256 ?? git) is null)
            return null;
        if (HubNames.IsCommit(revision) && commit != revision)
            throw Broken("it answers with another commit than it was asked for", subject);
        return Pin(repo, revision, commit, new RepoFile(path, length, git ?? "", sha256));
    }

    /// <summary>Reads a part of a file without downloading it.</summary>
    /// <param name="file">The file.</param>
    /// <param name="offset">First byte.</param>
    /// <param name="length">Bytes wanted; fewer come at the end of the file.</param>
    /// <param name="cancellation">Ends the call.</param>
    /// <returns>The bytes.</returns>
    public async Task<byte[]> ReadRangeAsync(ResolvedFile file, long offset, int length, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        byte[] bytes = new byte[Math.Clamp(file.Size - offset, 0, length)];
        if (bytes.Length == 0)
            return bytes;
        if (FindCached(file) is { } path)
        {
            using FileStream cached = File.OpenRead(path);
            cached.Position = offset;
            await cached.ReadExactlyAsync(bytes, cancellation).ConfigureAwait(false);
            return bytes;
        }
        using var stream = new HubFileStream(_transport, _retries, file);
        await _retries.RunAsync(
            async c =>
            {
                await stream.FetchAsync(offset, bytes, c).ConfigureAwait(false);
                return true;
            },
            null, null, cancellation).ConfigureAwait(false);
        return bytes;
    }

    /// <summary>Opens a file for reading: from the cache when it is there, otherwise by ranged requests.</summary>
    /// <param name="file">The file.</param>
    /// <returns>A seekable stream; a <see cref="HubFileStream"/> when it reads from the hub.</returns>
    public Stream OpenRead(ResolvedFile file) =>
        FindCached(file) is { } path ? File.OpenRead(path)
        : Options.Offline ? throw NotCached($"{file.Repo}/{file.Path}@{file.Commit}", file.Repo)
        : new HubFileStream(_transport, _retries, file);

    /// <summary>Where the cache has a file, with the right size; null when it has not. Does not hash it.</summary>
    /// <param name="file">The file.</param>
    /// <returns>Its absolute path in the snapshot, or null.</returns>
    public string? FindCached(ResolvedFile file) => _cache.Find(file);

    private static RepoFile ToFile(TreeEntry entry, string subject)
    {
        string path = entry.Path ?? "";
        string? sha256 = entry.Lfs?.Oid is { } oid ? (oid.StartsWith("sha256:", StringComparison.Ordinal) ? oid[7..] : oid) : null;
        long size = entry.Lfs is { Size: > 0 } lfs ? lfs.Size : entry.Size;
        if (path.Length == 0 || size < 0 || entry.Oid is null || !HubNames.IsHex(entry.Oid, 40)
            || sha256 is not null && !HubNames.IsHex(sha256, 64))
            throw Broken($"its listing has an entry without a path, a size or a hash: '{Redaction.Text(path, null, 120)}'", subject);
        return new RepoFile(path, size, entry.Oid, sha256);
    }

    /// <summary>Where the cache has a file of a listing; null when it has not, or when its path is none to be written.</summary>
    /// <param name="listing">The listing.</param>
    /// <param name="file">One of its files.</param>
    /// <returns>Its absolute path in the snapshot, or null.</returns>
    public string? FindCached(RepoListing listing, RepoFile file) =>
        HubNames.UnsafeReason(file.Path) is null ? _cache.Find(Pin(listing.Repo, listing.Revision, listing.Commit, file)) : null;

    private ResolvedFile Pin(string repo, string revision, string commit, RepoFile file) => new()
    {
        Repo = repo,
        Revision = revision,
        Commit = commit,
        Path = HubNames.CheckPath(repo, file.Path),
        Size = file.Size,
        Sha256 = file.Sha256,
        // A large file's git id is that of its pointer: nothing to verify content by.
        GitSha1 = file.Sha256 is null && file.GitSha1.Length > 0 ? file.GitSha1 : null,
        Url = ResolveAddress(repo, commit, file.Path),
    };

    private Uri ResolveAddress(string repo, string revision, string path) => Address(
        $"{repo}/resolve/{Uri.EscapeDataString(revision)}/{string.Join('/', path.Split('/').Select(Uri.EscapeDataString))}");

    private Uri Address(string relative) => new(Options.Endpoint.AbsoluteUri.TrimEnd('/') + "/" + relative);

    private async Task<(T Value, Uri? Next)> GetJsonAsync<T>(
        Uri uri, string? repo, string subject, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        return await _retries.RunAsync(
            async c =>
            {
                using HubResponse response = await _transport.SendAsync(
                    new HubRequest(HttpMethod.Get, uri, repo, subject) { Json = true }, c).ConfigureAwait(false);
                byte[] bytes = await response.ReadAllAsync(LargestAnswer).ConfigureAwait(false);
                try
                {
                    T value = JsonSerializer.Deserialize(bytes, type) ?? throw Broken("its answer is null", subject);
                    return (value, NextPage(response));
                }
                catch (JsonException e)
                {
                    throw Broken("its answer is not the expected JSON", subject, e);
                }
            },
            null, null, cancellation).ConfigureAwait(false);
    }

    private static Uri? NextPage(HubResponse response)
    {
        if (!response.Headers.TryGetValues("Link", out IEnumerable<string>? links))
            return null;
        foreach (string link in links.SelectMany(l => l.Split(',')))
        {
            string[] parts = link.Split(';', StringSplitOptions.TrimEntries);
            if (parts[0] is ['<', .. var target, '>'] && parts.Skip(1).Any(p => p is "rel=\"next\"" or "rel=next")
                && Uri.TryCreate(response.Uri, target, out Uri? next))
                return next;
        }
        return null;
    }

    private static HubException Broken(string what, string subject, Exception? inner = null) => new(
        HubFailure.Protocol, "the hub breaks the protocol: " + what, subject, "check HF_ENDPOINT: is it a HuggingFace hub?", inner);

    private HubException NotCached(string subject, string repo) => new(
        HubFailure.Offline, "offline: this is not in the cache", $"{subject} in {_cache.Root}",
        $"fetch it with a network: harness models download {repo}; or unset HF_HUB_OFFLINE");

    /// <inheritdoc/>
    public void Dispose() => _transport.Dispose();
}
