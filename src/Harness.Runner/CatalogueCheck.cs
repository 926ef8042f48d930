using System.Globalization;
using Harness.Hub;
using Harness.Matrix;

namespace Harness.Runner;

/// <summary>Whether an entry of the catalogue still says what the hub says.</summary>
public enum CatalogueState
{
    /// <summary>Everything is where the catalogue says.</summary>
    Resolves,

    /// <summary>Something moved or changed: a repository was renamed, a file is not there, a licence or gate is another.</summary>
    Moved,

    /// <summary>The repository is not there, or hidden.</summary>
    Missing,

    /// <summary>The hub could not be asked.</summary>
    Unknown,
}

/// <summary>What the hub says of an entry.</summary>
/// <param name="Model">The entry.</param>
/// <param name="State">In a word.</param>
/// <param name="Commit">The commit its revision names now, or null.</param>
/// <param name="Found">Quantizations whose files are there.</param>
/// <param name="Remarks">What moved or changed, a sentence each, without full stops.</param>
public sealed record CatalogueFinding(
    ModelEntry Model, CatalogueState State, string? Commit, IReadOnlyList<string> Found, IReadOnlyList<string> Remarks);

/// <summary>Asks the hub about every entry of the catalogue that comes from it.</summary>
/// <param name="hub">The hub.</param>
public sealed class CatalogueCheck(HubClient hub)
{
    private const int AtOnce = 4;

    /// <summary>Checks entries.</summary>
    /// <param name="models">The entries; those that come from no hub are passed over.</param>
    /// <param name="progress">Told of each when it is done.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>A finding for each, in the order given.</returns>
    /// <exception cref="HubException">Offline (<see cref="HubFailure.Offline"/>).</exception>
    public async Task<IReadOnlyList<CatalogueFinding>> RunAsync(
        IEnumerable<ModelEntry> models, IProgress<CatalogueFinding>? progress = null, CancellationToken cancellation = default)
    {
        if (hub.Options.Offline)
            throw new HubException(
                HubFailure.Offline, "offline: whether the catalogue still resolves only the hub can tell", hub.Options.DisplayEndpoint,
                "run again without --offline and HF_HUB_OFFLINE");
        ModelEntry[] entries = [.. models.Where(m => m is { Origin: VariantOrigin.Hub, Repository: not null })];
        var findings = new CatalogueFinding[entries.Length];
        await Parallel.ForAsync(0, entries.Length, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation }, async (i, c) =>
        {
            findings[i] = await CheckAsync(entries[i], c).ConfigureAwait(false);
            progress?.Report(findings[i]);
        }).ConfigureAwait(false);
        return findings;
    }

    private async Task<CatalogueFinding> CheckAsync(ModelEntry model, CancellationToken cancellation)
    {
        try
        {
            RepoSummary summary = await hub.DescribeAsync(model.Repository!, cancellation).ConfigureAwait(false);
            RepoListing listing = await hub.ListFilesAsync(model.Repository!, model.Revision, cancellation).ConfigureAwait(false);
            List<string> remarks = [], found = [];
            if (!string.Equals(summary.Repo, model.Repository, StringComparison.OrdinalIgnoreCase))
                remarks.Add($"the repository is now called {summary.Repo}");
            if (summary.Gated != model.Gated)
                remarks.Add(summary.Gated ? "its files are gated now" : "its files are not gated any more");
            if (summary.License is { } license && model.License is { } known && !string.Equals(license, known, StringComparison.OrdinalIgnoreCase))
                remarks.Add($"its licence is {license}, the catalogue says {known}");
            IReadOnlyList<RepoVariant> variants = RepoVariant.Of(listing);
            foreach (QuantSource source in model.Quants.Where(q => q is { Origin: VariantOrigin.Hub, File: not null }))
            {
                if (Fault(variants, source) is { } fault) remarks.Add(fault);
                else found.Add(source.Quantization.Name);
            }

            if (model.Base is { } original && await BaseAsync(original, model.BaseGated, cancellation).ConfigureAwait(false) is { } moved)
                remarks.Add(moved);
            return new CatalogueFinding(model, remarks.Count == 0 ? CatalogueState.Resolves : CatalogueState.Moved, listing.Commit, found, remarks);
        }
        catch (HubException e) when (e.Failure is HubFailure.NotFound or HubFailure.Refused)
        {
            return new CatalogueFinding(model, CatalogueState.Missing, null, [], [e.What]);
        }
        catch (HubException e) when (e.Failure is not (HubFailure.Usage or HubFailure.Offline))
        {
            return new CatalogueFinding(model, CatalogueState.Unknown, null, [], [e.What]);
        }
    }

    /// <summary>What is wrong with a quantization's files, or null.</summary>
    private static string? Fault(IReadOnlyList<RepoVariant> variants, QuantSource source)
    {
        string name = source.Quantization.Name, pattern = source.File!;
        RepoVariant[] fitting = [.. variants.Where(v => v.Files.Any(f => FileQuery.Fits(f.Path, pattern)))];
        if (fitting.Length > 1)
            return string.Create(CultureInfo.InvariantCulture, $"{name}: {fitting.Length} files fit {pattern}");
        if (fitting.Length == 1)
            return fitting[0].Missing.Count > 0 ? string.Create(CultureInfo.InvariantCulture, $"{name}: {fitting[0].Missing.Count} shard(s) of {fitting[0].First} are missing") : null;
        RepoVariant? other = variants.FirstOrDefault(v => v.Kind == RepoFileKind.Weights && v.Quant?.Name == name);
        return $"{name}: no file fits {pattern}" + (other is null ? "" : $"; there is {other.First}");
    }

    private async Task<string?> BaseAsync(string repo, bool gated, CancellationToken cancellation)
    {
        try
        {
            RepoSummary summary = await hub.DescribeAsync(repo, cancellation).ConfigureAwait(false);
            return !string.Equals(summary.Repo, repo, StringComparison.OrdinalIgnoreCase) ? $"its base {repo} is now called {summary.Repo}"
                : summary.Gated != gated ? $"its base {repo} is {(summary.Gated ? "gated now" : "not gated any more")}" : null;
        }
        catch (HubException e) when (e.Failure is HubFailure.NotFound or HubFailure.Refused)
        {
            return $"its base {repo}: {e.What}";
        }
    }
}
