namespace Harness.Hub;

/// <summary>How a file of the cache is.</summary>
public enum CacheFindingKind
{
    /// <summary>Its bytes are the promised ones.</summary>
    Right,

    /// <summary>Its bytes are not the promised ones.</summary>
    Wrong,

    /// <summary>The link in the snapshot leads nowhere.</summary>
    Broken,

    /// <summary>It cannot be read.</summary>
    Unreadable,

    /// <summary>Nothing here tells what its bytes should be, and the hub was not or could not be asked.</summary>
    Unknown,
}

/// <summary>What verifying found of one file.</summary>
/// <param name="Repo">The repository.</param>
/// <param name="Commit">The commit of the snapshot.</param>
/// <param name="File">The file.</param>
/// <param name="Kind">How it is.</param>
/// <param name="HashName"><c>sha256</c> or <c>git sha1</c>; null where none was computed.</param>
/// <param name="Expected">The promised hash, or null.</param>
/// <param name="Got">The hash of the bytes, or null.</param>
/// <param name="Reason">Why, where it is not right; else null.</param>
public sealed record CacheFinding(
    string Repo, string Commit, CachedFile File, CacheFindingKind Kind, string? HashName, string? Expected, string? Got, string? Reason)
{
    /// <summary>The command that mends it; null where nothing is to be mended.</summary>
    public string? Remedy => Kind is CacheFindingKind.Right or CacheFindingKind.Unknown
        ? null : $"harness models download {Repo} --file '{File.Path}' --revision {Commit} --force";
}
