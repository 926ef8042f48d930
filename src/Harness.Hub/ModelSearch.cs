namespace Harness.Hub;

/// <summary>In which order a search answers.</summary>
public enum ModelSort
{
    /// <summary>Most downloaded in the last month first.</summary>
    Downloads,

    /// <summary>Most liked first.</summary>
    Likes,

    /// <summary>What is talked about now first.</summary>
    Trending,

    /// <summary>Latest changed first.</summary>
    Modified,

    /// <summary>Newest first.</summary>
    Created,
}

/// <summary>What to search for.</summary>
/// <param name="Text">Words of the name.</param>
public sealed record ModelSearch(string Text)
{
    /// <summary>Most results, over as many pages as that takes.</summary>
    public int Limit { get; init; } = 20;

    /// <summary>The order.</summary>
    public ModelSort Sort { get; init; } = ModelSort.Downloads;

    /// <summary>Only this owner's, or null.</summary>
    public string? Author { get; init; }

    /// <summary>Only repositories with GGUF files.</summary>
    public bool GgufOnly { get; init; } = true;
}

/// <summary>A repository as the hub describes it.</summary>
/// <param name="Repo"><c>owner/name</c>, as it is called now.</param>
/// <param name="Commit">The commit of its default branch, or null where the answer lacks it.</param>
/// <param name="Downloads">Downloads of the last month, as the hub counts them.</param>
/// <param name="Likes">Likes.</param>
/// <param name="Gated">Whether a licence must be accepted first.</param>
/// <param name="License">Its licence, from its tags; null where it has none.</param>
/// <param name="Modified">When it was last changed (UTC), or null.</param>
/// <param name="Parameters">Weights, as the hub reads them from GGUF headers; null where it does not tell.</param>
/// <param name="Architecture">Architecture, as the hub reads it from GGUF headers; null where it does not tell.</param>
public sealed record RepoSummary(
    string Repo, string? Commit, long Downloads, long Likes, bool Gated, string? License, DateTime? Modified, long? Parameters, string? Architecture);
