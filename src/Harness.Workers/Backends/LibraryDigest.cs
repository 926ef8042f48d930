using System.Security.Cryptography;
using System.Text;

namespace Harness.Workers.Backends;

/// <summary>
/// One digest over several libraries: sha256 of the lines <c>sha256(file) two spaces name LF</c>, sorted by name (ordinal), which is
/// what <c>sha256sum</c> prints of them, so anyone can repeat it.
/// </summary>
public static class LibraryDigest
{
    /// <summary>The digest over files.</summary>
    /// <param name="paths">Paths of the libraries; their file names enter, their directories do not.</param>
    /// <returns>Hex, lower case, or null when there are no files.</returns>
    public static string? Of(IEnumerable<string> paths)
    {
        (string Name, string Sha256)[] files = [.. paths.Select(path => (Path.GetFileName(path), OfFile(path)))];
        return files.Length == 0 ? null : Combine(files);
    }

    internal static string Combine(IEnumerable<(string Name, string Sha256)> files)
    {
        var lines = new StringBuilder();
        foreach ((string name, string sha256) in files.OrderBy(file => file.Name, StringComparer.Ordinal))
            lines.Append(sha256).Append("  ").Append(name).Append('\n');
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(lines.ToString())));
    }

    internal static string OfFile(string path)
    {
        using FileStream file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }
}
