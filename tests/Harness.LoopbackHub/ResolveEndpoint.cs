using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Harness.LoopbackHub;

/// <summary>
/// <c>/{repo}/resolve/{revision}/{path}</c>: plain files from the hub, by a relative redirect to its cache; large files by a
/// signed redirect to the storage host.
/// </summary>
internal sealed class ResolveEndpoint(LoopbackOptions options, RepoStore store, LoopbackHub hub, FileBody bodies)
{
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);

    public async Task ServeAsync(HttpContext context, string rawPath, Fault? fault)
    {
        bool cached = rawPath.StartsWith("/api/resolve-cache/models/", StringComparison.Ordinal);
        string[] parts = (cached ? rawPath["/api/resolve-cache/models/".Length..] : rawPath[1..]).Split('/');
        // /owner/name/resolve/REVISION/PATH…; the cache's addresses lack the verb.
        if (cached && parts.Length > 3)
            parts = [parts[0], parts[1], "resolve", .. parts[2..]];
        if (parts.Length < 5 || parts[2] is not ("resolve" or "raw"))
        {
            await Answers.ErrorAsync(context, 404, null, "Sorry, we can't find the page you are looking for.");
            return;
        }
        string repo = $"{parts[0]}/{parts[1]}";
        if (options.Renamed.TryGetValue(repo, out string? renamed))
        {
            context.Response.StatusCode = 307;
            context.Response.Headers.Location = $"/{renamed}/{string.Join('/', parts[2..])}";
            return;
        }
        if (await Answers.RefusedAsync(context, options, store, repo, files: true))
            return;
        if (store.Open(repo, Uri.UnescapeDataString(parts[3])) is not { } revision)
        {
            await Answers.ErrorAsync(context, 404, "RevisionNotFound", "Invalid rev id: " + Uri.UnescapeDataString(parts[3]));
            return;
        }
        context.Response.Headers["X-Repo-Commit"] = revision.Commit;
        string path = string.Join('/', parts[4..].Select(Uri.UnescapeDataString));
        if (revision.Find(path) is not { } file)
        {
            await Answers.ErrorAsync(context, 404, "EntryNotFound", "Entry not found");
            return;
        }

        if (parts[2] == "raw" && file.Sha256 is not null)
        {
            await context.Response.WriteAsync(StoredFile.Pointer(file.Sha256, file.Size));
            return;
        }
        long linkedSize = fault?.Kind == FaultKind.WrongLinkedSize ? fault.Bytes : file.Size;
        if (file.Sha256 is { } sha256)
        {
            context.Response.Headers["X-Linked-Size"] = $"{linkedSize}";
            context.Response.Headers["X-Linked-Etag"] = $"\"{sha256}\"";
            context.Response.StatusCode = 302;
            context.Response.Headers.Location = SignedAddress(repo, file);
        }
        else if (!cached)
        {
            context.Response.Headers["X-Linked-Size"] = $"{linkedSize}";
            context.Response.Headers["X-Linked-Etag"] = $"\"{file.Oid}\"";
            context.Response.StatusCode = 307;
            context.Response.Headers.Location =
                $"/api/resolve-cache/models/{repo}/{revision.Commit}/{string.Join('/', parts[4..])}?etag=%22{file.Oid}%22";
        }
        else
        {
            // The cache before the hub weakens ETags when it has compressed once.
            context.Response.Headers.ETag = $"W/\"{file.Oid}\"";
            await bodies.WriteAsync(context, file.DiskPath, fault);
        }
    }

    public async Task ServeStorageAsync(HttpContext context, string rawPath, Fault? fault)
    {
        // Storage hosts refuse a request that is signed and authorised at once, and so catch clients that leak tokens.
        if (context.Request.Headers.ContainsKey("Authorization"))
        {
            await Answers.ErrorAsync(context, 400, null, "Only one auth mechanism allowed");
            return;
        }
        string[] parts = rawPath[1..].Split('/');
        string repo = parts.Length > 3 ? $"{parts[0]}/{parts[1]}" : "";
        string path = string.Join('/', parts.Skip(4).Select(Uri.UnescapeDataString));
        if (parts.Length < 5 || context.Request.Query["Signature"] != Sign(rawPath) || !store.Exists(repo)
            || store.Open(repo, parts[2])?.Find(path) is not { Sha256: { } sha256 } file || sha256 != parts[3])
        {
            await Answers.ErrorAsync(context, 403, null, "Access denied");
            return;
        }
        context.Response.Headers.ETag = $"\"{sha256}\"";
        context.Response.ContentType = "application/octet-stream";
        await bodies.WriteAsync(context, file.DiskPath, fault);
    }

    private string SignedAddress(string repo, StoredFile file)
    {
        string commit = store.Open(repo, "main")?.Find(file.Path)?.DiskPath == file.DiskPath ? "main" : RevisionOf(repo, file);
        string path = $"/{repo}/{commit}/{file.Sha256}/{string.Join('/', file.Path.Split('/').Select(Uri.EscapeDataString))}";
        return $"{hub.StorageEndpoint.GetLeftPart(UriPartial.Authority)}{path}?Expires=4102444800&Signature={Sign(path)}";
    }

    private string RevisionOf(string repo, StoredFile file)
    {
        string root = Path.Combine(options.Root, repo) + "@";
        return file.DiskPath.StartsWith(root, StringComparison.Ordinal)
            ? file.DiskPath[root.Length..].Split(Path.DirectorySeparatorChar)[0] : "main";
    }

    private string Sign(string path) => Convert.ToHexStringLower(HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes(path)));
}
