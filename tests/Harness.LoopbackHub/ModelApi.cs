using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Harness.LoopbackHub;

/// <summary><c>/api/models…</c>: search, model information, trees by pages, and information on paths.</summary>
internal sealed class ModelApi(LoopbackOptions options, RepoStore store, LoopbackHub hub)
{
    public async Task ServeAsync(HttpContext context, string rawPath, Fault? fault)
    {
        string[] parts = rawPath.TrimEnd('/').Split('/')[2..];
        if (parts is ["models"])
        {
            await SearchAsync(context);
            return;
        }
        if (parts is not ["models", var owner, var name, .. var rest])
        {
            await Answers.ErrorAsync(context, 404, null, "Sorry, we can't find the page you are looking for.");
            return;
        }
        string repo = $"{owner}/{name}";
        if (options.Renamed.TryGetValue(repo, out string? renamed))
        {
            context.Response.StatusCode = 307;
            context.Response.Headers.Location = $"/api/models/{renamed}{string.Concat(rest.Select(r => "/" + r))}{context.Request.QueryString}";
            return;
        }
        // A gated repository can be listed: its files are what is kept back.
        if (await Answers.RefusedAsync(context, options, store, repo, files: false))
            return;
        string revisionName = rest.Length > 1 ? Uri.UnescapeDataString(rest[1]) : "main";
        if (store.Open(repo, revisionName) is not { } revision)
        {
            await Answers.ErrorAsync(context, 404, "RevisionNotFound", $"Invalid rev id: {revisionName}");
            return;
        }
        context.Response.Headers["X-Repo-Commit"] = revision.Commit;
        switch (rest)
        {
            case [] or ["revision", _]:
                await WriteAsync(context, Info(revision));
                break;
            case ["tree", _, .. var below]:
                await TreeAsync(context, revision, string.Join('/', below.Select(Uri.UnescapeDataString)));
                break;
            case ["paths-info", _] when HttpMethods.IsPost(context.Request.Method):
                await PathsInfoAsync(context, revision);
                break;
            default:
                await Answers.ErrorAsync(context, 404, null, "Sorry, we can't find the page you are looking for.");
                break;
        }
    }

    private async Task SearchAsync(HttpContext context)
    {
        string text = context.Request.Query["search"].FirstOrDefault() ?? "";
        int limit = int.TryParse(context.Request.Query["limit"], out int asked) ? asked : 100;
        bool gguf = context.Request.Query["filter"].Contains("gguf");
        StoredRevision[] found = [.. store.Repos()
            .Where(r => r.Contains(text, StringComparison.OrdinalIgnoreCase) && !options.Private.Contains(r))
            .Select(r => store.Open(r, "main")!)
            .Where(r => !gguf || r.Files.Any(f => f.Path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase)))
            .Take(limit)];
        await WriteAsync(context, new JsonArray([.. found.Select(Info)]));
    }

    private JsonObject Info(StoredRevision revision) => new()
    {
        ["_id"] = revision.Commit[..24],
        ["id"] = revision.Repo,
        ["modelId"] = revision.Repo,
        ["author"] = revision.Repo.Split('/')[0],
        ["sha"] = revision.Commit,
        ["private"] = options.Private.Contains(revision.Repo),
        ["gated"] = options.Gated.Contains(revision.Repo) ? "auto" : false,
        ["downloads"] = 0,
        ["likes"] = 0,
        ["lastModified"] = "2026-01-01T00:00:00.000Z",
        ["tags"] = new JsonArray("gguf"),
        ["siblings"] = new JsonArray([.. revision.Files.Select(f => new JsonObject { ["rfilename"] = f.Path })]),
    };

    private async Task TreeAsync(HttpContext context, StoredRevision revision, string below)
    {
        IQueryCollection query = context.Request.Query;
        bool recursive = query["recursive"].FirstOrDefault() is "true" or "1" or "True";
        string prefix = below.Length == 0 ? "" : below + "/";
        StoredFile[] files = [.. revision.Files.Where(f => f.Path.StartsWith(prefix, StringComparison.Ordinal))];
        if (below.Length > 0 && files.Length == 0)
        {
            await Answers.ErrorAsync(context, 404, "EntryNotFound", $"{below} does not exist on \"main\"");
            return;
        }
        var entries = new List<JsonObject>();
        foreach (string directory in files.SelectMany(f => Parents(f.Path)).Where(d => d.StartsWith(prefix, StringComparison.Ordinal)).Distinct().Order(StringComparer.Ordinal))
            if (recursive || !directory[prefix.Length..].Contains('/'))
                entries.Add(new JsonObject { ["type"] = "directory", ["oid"] = revision.Commit, ["size"] = 0, ["path"] = directory });
        foreach (StoredFile file in files)
            if (recursive || !file.Path[prefix.Length..].Contains('/'))
                entries.Add(Entry(file));
        foreach ((string path, long size) in hub.ForgedEntries)
            entries.Add(new JsonObject { ["type"] = "file", ["oid"] = revision.Commit, ["size"] = size, ["path"] = path });

        int start = int.TryParse(query["cursor"], out int cursor) ? cursor : 0;
        int limit = int.TryParse(query["limit"], out int asked) ? Math.Min(asked, options.PageSize) : options.PageSize;
        if (start + limit < entries.Count)
        {
            string self = $"{hub.Endpoint.GetLeftPart(UriPartial.Authority)}{context.Request.Path.ToUriComponent()}";
            context.Response.Headers.Link = $"<{self}?recursive={(recursive ? "true" : "false")}&limit={limit}&cursor={start + limit}>; rel=\"next\"";
        }
        await WriteAsync(context, new JsonArray([.. entries.Skip(start).Take(limit)]));
    }

    private async Task PathsInfoAsync(HttpContext context, StoredRevision revision)
    {
        using JsonDocument asked = await JsonDocument.ParseAsync(context.Request.Body);
        bool expand = asked.RootElement.TryGetProperty("expand", out JsonElement value) && value.ValueKind == JsonValueKind.True;
        var answer = new JsonArray();
        foreach (string? path in asked.RootElement.GetProperty("paths").EnumerateArray().Select(p => p.GetString()))
        {
            if (revision.Find(path ?? "") is not { } file)
                continue;
            JsonObject entry = Entry(file);
            if (expand)
                entry["lastCommit"] = new JsonObject { ["id"] = revision.Commit, ["title"] = "Add files", ["date"] = "2026-01-01T00:00:00.000Z" };
            answer.Add(entry);
        }
        await WriteAsync(context, answer);
    }

    private static JsonObject Entry(StoredFile file)
    {
        var entry = new JsonObject { ["type"] = "file", ["oid"] = file.Oid, ["size"] = file.Size, ["path"] = file.Path };
        if (file.Sha256 is { } sha256)
            entry["lfs"] = new JsonObject { ["oid"] = sha256, ["size"] = file.Size, ["pointerSize"] = StoredFile.Pointer(sha256, file.Size).Length };
        return entry;
    }

    private static IEnumerable<string> Parents(string path)
    {
        for (int slash = path.IndexOf('/'); slash >= 0; slash = path.IndexOf('/', slash + 1))
            yield return path[..slash];
    }

    private static Task WriteAsync(HttpContext context, JsonNode node)
    {
        context.Response.ContentType = "application/json; charset=utf-8";
        return context.Response.WriteAsync(node.ToJsonString());
    }
}
