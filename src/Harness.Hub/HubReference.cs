namespace Harness.Hub;

/// <summary>A model on the hub as users write it: <c>hf:owner/repo[/file][@revision]</c>.</summary>
/// <param name="Repo"><c>owner/name</c>.</param>
/// <param name="File">A path or a glob within it, or null.</param>
/// <param name="Revision">Branch, tag or commit, or null for the default.</param>
public sealed record HubReference(string Repo, string? File, string? Revision)
{
    /// <summary>What marks a reference.</summary>
    public const string Prefix = "hf:";

    /// <summary>Reads a reference.</summary>
    /// <param name="text">The text, with or without the prefix.</param>
    /// <returns>The reference.</returns>
    /// <exception cref="HubException">It is malformed (<see cref="HubFailure.Usage"/>).</exception>
    public static HubReference Parse(string text)
    {
        string rest = text.StartsWith(Prefix, StringComparison.Ordinal) ? text[Prefix.Length..] : text;
        // File names may hold an @; a revision cannot be told from one with a slash in it, so the last one decides.
        int at = rest.LastIndexOf('@');
        string? revision = at >= 0 ? rest[(at + 1)..] : null;
        string[] parts = (at >= 0 ? rest[..at] : rest).Split('/', 3);
        if (parts.Length < 2 || revision is { Length: 0 } || parts.Length == 3 && parts[2].Length == 0)
            throw new HubException(
                HubFailure.Usage, $"'{Redaction.Text(text, null, 120)}' does not name a model on the hub", "MODEL or REPO",
                "write it as hf:owner/repo, hf:owner/repo/file or hf:owner/repo/file@revision");
        HubNames.CheckRepo($"{parts[0]}/{parts[1]}");
        if (revision is not null)
            HubNames.CheckRevision(revision);
        return new HubReference($"{parts[0]}/{parts[1]}", parts.Length == 3 ? parts[2] : null, revision);
    }

    /// <summary>The reference as it is written.</summary>
    /// <returns><c>hf:owner/repo[/file][@revision]</c>.</returns>
    public override string ToString() =>
        $"{Prefix}{Repo}{(File is null ? "" : "/" + File)}{(Revision is null ? "" : "@" + Revision)}";
}
