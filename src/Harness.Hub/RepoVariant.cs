namespace Harness.Hub;

/// <summary>What a file of a repository is for.</summary>
public enum RepoFileKind
{
    /// <summary>Weights that can be run.</summary>
    Weights,

    /// <summary>The part that turns images or sound into embeddings (<c>mmproj</c>).</summary>
    Projector,

    /// <summary>A change to weights, not weights (LoRA).</summary>
    Adapter,

    /// <summary>A small model or head that guesses ahead of a larger one (drafts, MTP, EAGLE).</summary>
    Draft,

    /// <summary>An importance matrix: what a quantization was made with.</summary>
    ImportanceMatrix,

    /// <summary>A file cut by bytes (<c>.part1of2</c>, <c>-split-a</c>), which no engine reads as it is.</summary>
    Fragment,

    /// <summary>Anything else.</summary>
    Other,
}

/// <summary>One thing a repository offers: a file, or all shards of one.</summary>
/// <param name="Kind">What it is for.</param>
/// <param name="Quant">The quantization its name tells, or null.</param>
/// <param name="Files">Its files, shards in order.</param>
/// <param name="Missing">Names of shards that the repository lacks (at most 32 are named).</param>
/// <param name="IsSharded">Whether it is cut in shards, be it one.</param>
public sealed record RepoVariant(
    RepoFileKind Kind, QuantLabel? Quant, IReadOnlyList<RepoFile> Files, IReadOnlyList<string> Missing, bool IsSharded)
{
    /// <summary>Path of the first file that is there.</summary>
    public string First => Files[0].Path;

    /// <summary>Bytes of all files together; a listing's own word.</summary>
    public long Size => Files.Aggregate(0L, (sum, file) => Math.Min(long.MaxValue - sum, file.Size) + sum);

    /// <summary>Whether it is a GGUF file.</summary>
    public bool IsGguf => Has(".gguf");

    /// <summary>Whether the files end so.</summary>
    internal bool Has(string extension) => First.EndsWith(extension, StringComparison.OrdinalIgnoreCase);

    /// <summary>Groups a listing's files, in the order of their paths.</summary>
    /// <param name="listing">The listing.</param>
    /// <returns>Every file, in exactly one variant.</returns>
    public static IReadOnlyList<RepoVariant> Of(RepoListing listing)
    {
        var names = new FileNames(listing.Repo);
        return [.. ShardSet.Group(listing.Files).Select(set =>
        {
            (RepoFileKind kind, QuantLabel? quant) = names.Read(set.First);
            return new RepoVariant(kind, quant, set.Files, set.Missing, set.IsSharded);
        })];
    }
}
