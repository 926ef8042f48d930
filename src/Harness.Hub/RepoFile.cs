namespace Harness.Hub;

/// <summary>A file as a repository lists it, before anything of it was downloaded.</summary>
/// <param name="Path">Path within the repository, with <c>/</c>.</param>
/// <param name="Size">Content length in bytes.</param>
/// <param name="GitSha1">The git object id: of the content, or of the pointer when <paramref name="Sha256"/> is given.</param>
/// <param name="Sha256">sha256 of the content (hex, lower case) for files in large-file storage; otherwise null.</param>
public sealed record RepoFile(string Path, long Size, string GitSha1, string? Sha256);

/// <summary>All files of a repository at one commit.</summary>
/// <param name="Repo"><c>owner/name</c>.</param>
/// <param name="Revision">The branch, tag or commit that was asked for.</param>
/// <param name="Commit">The commit it names.</param>
/// <param name="Files">The files, sorted by path (ordinal).</param>
public sealed record RepoListing(string Repo, string Revision, string Commit, IReadOnlyList<RepoFile> Files);
