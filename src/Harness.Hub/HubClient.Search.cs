using System.Globalization;
using System.Text.Json;

namespace Harness.Hub;

public sealed partial class HubClient
{
    /// <summary>Most results the hub gives on one page.</summary>
    private const int PageOfResults = 100;

    /// <summary>Searches the hub for repositories.</summary>
    /// <param name="search">What for.</param>
    /// <param name="cancellation">Ends the search.</param>
    /// <returns>Repositories, in the order asked for.</returns>
    public async Task<IReadOnlyList<RepoSummary>> SearchAsync(ModelSearch search, CancellationToken cancellation = default)
    {
        string sort = search.Sort switch
        {
            ModelSort.Likes => "likes",
            ModelSort.Trending => "trendingScore",
            ModelSort.Modified => "lastModified",
            ModelSort.Created => "createdAt",
            _ => "downloads",
        };
        string author = search.Author is { } owner ? "&author=" + Uri.EscapeDataString(owner) : "";
        string fields = string.Concat(new[] { "downloads", "likes", "gated", "lastModified", "tags", "gguf" }.Select(f => "&expand=" + f));
        Uri? page = Address(string.Create(
            CultureInfo.InvariantCulture,
            $"api/models?search={Uri.EscapeDataString(search.Text)}{(search.GgufOnly ? "&filter=gguf" : "")}{author}&sort={sort}&limit={Math.Clamp(search.Limit, 1, PageOfResults)}{fields}"));
        string subject = $"search '{Redaction.Text(search.Text, null, 120)}'";
        var found = new List<RepoSummary>();
        for (int pages = 0; page is not null && found.Count < search.Limit; pages++)
        {
            if (pages == MostPages)
                throw Broken($"its answer has more than {MostPages} pages", subject);
            (ModelInfo[] models, Uri? next) = await GetJsonAsync(page, null, subject, HubJson.Default.ModelInfoArray, cancellation).ConfigureAwait(false);
            found.AddRange(models.Where(m => m.Id is not null).Select(Summary));
            if (next is not null && !HubTransport.SameOrigin(next, Options.Endpoint))
                throw Broken("its answer goes on at another host", subject);
            page = models.Length == 0 ? null : next;
        }

        return [.. found.Take(search.Limit)];
    }

    /// <summary>Asks the hub about one repository.</summary>
    /// <param name="repo"><c>owner/name</c>; an old name of a renamed one is followed.</param>
    /// <param name="cancellation">Ends the call.</param>
    /// <returns>What the hub says of it.</returns>
    public async Task<RepoSummary> DescribeAsync(string repo, CancellationToken cancellation = default)
    {
        HubNames.CheckRepo(repo);
        (ModelInfo info, _) = await GetJsonAsync(Address($"api/models/{repo}"), repo, repo, HubJson.Default.ModelInfo, cancellation).ConfigureAwait(false);
        return info.Id is null ? throw Broken("its answer names no repository", repo) : Summary(info);
    }

    private static RepoSummary Summary(ModelInfo model)
    {
        const string license = "license:";
        string? tag = model.Tags?.FirstOrDefault(t => t?.StartsWith(license, StringComparison.Ordinal) == true);
        bool dated = DateTime.TryParse(
            model.LastModified, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal, out DateTime modified);
        return new RepoSummary(
            Redaction.Text(model.Id, null), HubNames.IsHex(model.Sha, 40) ? model.Sha : null, model.Downloads, model.Likes,
            model.Gated.ValueKind is JsonValueKind.String or JsonValueKind.True, tag is null ? null : Redaction.Text(tag[license.Length..], null, 60),
            dated ? modified : null, model.Gguf?.Total is > 0 and var total ? total : null, Redaction.Text(model.Gguf?.Architecture, null, 60) is { Length: > 0 } name ? name : null);
    }
}
