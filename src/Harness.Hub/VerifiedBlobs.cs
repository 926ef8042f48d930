using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Harness.Hub;

/// <summary>
/// Remembers which files of the cache were hashed and found right: one small file each, in a directory of the harness's
/// own, for the cache belongs to other programs too. A file that was changed since is not remembered.
/// </summary>
/// <param name="directory">The directory, or null to remember nothing.</param>
internal sealed class VerifiedBlobs(string? directory)
{
    /// <summary>Notes that a file is right as it is now.</summary>
    public void Note(string path)
    {
        if (directory is null) return;
        try
        {
            Directory.CreateDirectory(directory);
            string fresh = Path.Combine(directory, Guid.NewGuid().ToString("N"));
            File.WriteAllText(fresh, string.Create(CultureInfo.InvariantCulture, $"{State(path)}\n{DateTime.UtcNow:O}\n"));
            File.Move(fresh, NameOf(path), overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Only a listing's remark is lost.
        }
    }

    /// <summary>When a file was found right, unless it was changed since; null when it was not.</summary>
    public DateTime? When(string path)
    {
        if (directory is null) return null;
        try
        {
            return File.ReadAllLines(NameOf(path)) is [var state, var when, ..] && state == State(path)
                && DateTime.TryParse(when, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out DateTime time) ? time : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Forgets a file.</summary>
    public void Forget(string path)
    {
        if (directory is null) return;
        try
        {
            File.Delete(NameOf(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A remark on a file that is not there any more misleads nobody.
        }
    }

    private string NameOf(string path) =>
        Path.Combine(directory!, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Path.GetFullPath(path))))[..32]);

    private static string State(string path)
    {
        var info = new FileInfo(path);
        return string.Create(CultureInfo.InvariantCulture, $"{info.Length} {info.LastWriteTimeUtc.Ticks}");
    }
}
