using System.Text;

namespace Harness.Hub;

/// <summary>
/// What may become a part of an address or of a path on disk. A hub is not trusted: a listing may name
/// <c>../../.bashrc</c>, and a revision becomes a file under <c>refs/</c>.
/// </summary>
internal static class HubNames
{
    private static readonly string[] Reserved =
    [
        "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$",
        "COM0", "COM1", "COM2", "COM3", "COM4", "COM5", "COM6", "COM7", "COM8", "COM9",
        "LPT0", "LPT1", "LPT2", "LPT3", "LPT4", "LPT5", "LPT6", "LPT7", "LPT8", "LPT9",
    ];

    /// <summary>Checks <c>name</c> or <c>owner/name</c> as the hub allows them.</summary>
    public static string CheckRepo(string repo)
    {
        string[] parts = repo.Split('/');
        bool good = parts.Length is 1 or 2 && repo.Length <= 193 && parts.All(IsRepoPart)
            && !repo.Contains("--", StringComparison.Ordinal) && !repo.Contains("..", StringComparison.Ordinal)
            && !repo.EndsWith(".git", StringComparison.Ordinal);
        return good ? repo : throw new HubException(
            HubFailure.Usage, $"'{Redaction.Text(repo, null, 120)}' is not a repository name", "repository",
            "write it as owner/name: letters, digits, '-', '_' and '.', at most 96 characters each");
    }

    private static bool IsRepoPart(string part) =>
        part.Length is > 0 and <= 96 && char.IsAsciiLetterOrDigit(part[0]) | part[0] == '_'
        && part[^1] is not ('-' or '.')
        && part.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    /// <summary>Checks a branch, tag or commit: it becomes a file below <c>refs/</c>.</summary>
    public static string CheckRevision(string revision) =>
        UnsafeReason(revision) is not { } reason ? revision : throw new HubException(
            HubFailure.Usage, $"'{Redaction.Text(revision, null, 120)}' is not a revision: it {reason}", "revision",
            "give a branch, a tag or a commit, like main or v1.0");

    /// <summary>Checks a path that came from a hub, before it is joined to a directory.</summary>
    public static string CheckPath(string repo, string path) =>
        UnsafeReason(path) is not { } reason ? path : throw new HubException(
            HubFailure.Protocol, $"the hub names a file that will not be written: its path {reason}",
            $"{repo}: '{Redaction.Text(path, null, 200)}'",
            "do not use this repository or endpoint, unless you know why it is named so");

    /// <summary>Whether a text is a commit id.</summary>
    public static bool IsCommit(string text) => IsHex(text, 40) || IsHex(text, 64);

    /// <summary>Whether a text is lower-case hex of a length.</summary>
    public static bool IsHex(string? text, int length) =>
        text?.Length == length && text.All(c => c is (>= '0' and <= '9') or (>= 'a' and <= 'f'));

    /// <summary>Why a relative path must not be written, or null when it may.</summary>
    public static string? UnsafeReason(string path)
    {
        if (path.Length == 0)
            return "is empty";
        if (path.Length > 1024)
            return "is longer than 1024 characters";
        if (path[0] == '/')
            return "is absolute";
        foreach (string part in path.Split('/'))
        {
            if (part.Length == 0)
                return "has an empty part";
            if (part is "." or "..")
                return $"has a part '{part}'";
            if (Encoding.UTF8.GetByteCount(part) > 255)
                return "has a part longer than 255 bytes";
            if (part.Any(c => c < ' ' || c == '\x7f' || char.IsSurrogate(c) && !IsPaired(part)))
                return "has control characters";
            if (part.IndexOfAny(['\\', ':', '*', '?', '"', '<', '>', '|']) >= 0)
                return "has one of \\ : * ? \" < > |";
            if (part[^1] is '.' or ' ')
                return "has a part that ends in a dot or a space";
            string stem = part.Split('.')[0].TrimEnd();
            if (Reserved.Contains(stem, StringComparer.OrdinalIgnoreCase))
                return $"has a part '{part}', a reserved device name";
        }
        return null;
    }

    private static bool IsPaired(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
                i++;
            else if (char.IsSurrogate(text[i]))
                return false;
        }
        return true;
    }
}
