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
        IQueryCollection query = context.Request.Query;
        string text = query["search"].FirstOrDefault() ?? "";
        string? author = query["author"].FirstOrDefault();
        int limit = Math.Min(int.TryParse(query["limit"], out int asked) ? asked : 100, options.PageSize);
        int start = int.TryParse(query["cursor"], out int cursor) ? cursor : 0;
        bool gguf = query["filter"].Contains("gguf");
        IEnumerable<StoredRevision> fitting = store.Repos()
            .Where(r => text.Split(' ', StringSplitOptions.RemoveEmptyEntries).All(w => r.Contains(w, StringComparison.OrdinalIgnoreCase)))
            .Where(r => !options.Private.Contains(r) && (author is null || r.StartsWith(author + "/", StringComparison.OrdinalIgnoreCase)))
            .Select(r => store.Open(r, "main")!)
            .Where(r => !gguf || r.Files.Any(f => f.Path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase)));
        // The hub sorts from most to least, whatever the key.
        StoredRevision[] sorted = query["sort"].FirstOrDefault() switch
        {
            "downloads" => [.. fitting.OrderByDescending(r => Fact(r.Repo).Downloads)],
            "likes" => [.. fitting.OrderByDescending(r => Fact(r.Repo).Likes)],
            "lastModified" or "createdAt" => [.. fitting.OrderByDescending(r => Fact(r.Repo).Modified)],
            _ => [.. fitting],
        };
        if (start + limit < sorted.Length)
        {
            string rest = string.Join('&', query.Where(q => q.Key != "cursor").SelectMany(q => q.Value.Select(v => $"{q.Key}={Uri.EscapeDataString(v ?? "")}")));
            context.Response.Headers.Link = $"<{hub.Endpoint.GetLeftPart(UriPartial.Authority)}/api/models?{rest}&cursor={start + limit}>; rel=\"next\"";
        }
        string?[] fields = [.. query["expand"]];
        await WriteAsync(context, new JsonArray([.. sorted.Skip(start).Take(limit).Select(r => Only(Info(r), fields))]));
    }

    private LoopbackFacts Fact(string repo) => options.Facts.GetValueOrDefault(repo) ?? new LoopbackFacts();

    /// <summary>With <c>expand</c>, the hub gives the fields that were asked for and the name.</summary>
    private static JsonObject Only(JsonObject info, string?[] fields)
    {
        if (fields.Length > 0)
            foreach (string name in info.Select(f => f.Key).Where(k => k is not ("_id" or "id") && !fields.Contains(k)).ToArray())
                info.Remove(name);
        return info;
    }

    private JsonObject Info(StoredRevision revision)
    {
        LoopbackFacts facts = Fact(revision.Repo);
        var info = new JsonObject
        {
            ["_id"] = revision.Commit[..24],
            ["id"] = revision.Repo,
            ["modelId"] = revision.Repo,
            ["author"] = revision.Repo.Split('/')[0],
            ["sha"] = revision.Commit,
            ["private"] = options.Private.Contains(revision.Repo),
            ["gated"] = options.Gated.Contains(revision.Repo) ? "auto" : false,
            ["downloads"] = facts.Downloads,
            ["likes"] = facts.Likes,
            ["lastModified"] = facts.Modified.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture),
            ["tags"] = facts.License is { } license ? new JsonArray("gguf", "license:" + license) : new JsonArray("gguf"),
            ["siblings"] = new JsonArray([.. revision.Files.Select(f => new JsonObject { ["rfilename"] = f.Path })]),
        };
        if (facts.Parameters > 0)
            info["gguf"] = new JsonObject { ["total"] = facts.Parameters, ["architecture"] = facts.Architecture };
        return info;
    }

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
