using System.Diagnostics;
using System.Globalization;

namespace Harness.Hub;

/// <summary>
/// One process at a time fetches a blob. The operating system holds the lock for the open file, so that it ends with
/// the process, however that ends; the file itself stays, as the official clients leave it.
/// </summary>
internal sealed class BlobLock : IDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);
    private readonly FileStream _file;

    private BlobLock(FileStream file) => _file = file;

    /// <summary>Takes a lock that nobody holds; null when somebody does.</summary>
    public static BlobLock? TryTake(string lockPath)
    {
        try
        {
            return new BlobLock(new FileStream(lockPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException e) when (IsHeld(e))
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw HubCache.DiskFailure(lockPath, e);
        }
    }

    /// <summary>Waits for the lock as long as its holder gets on with the transfer.</summary>
    /// <param name="lockPath">The lock file.</param>
    /// <param name="watched">The file the holder writes; when it does not grow for <paramref name="patience"/>, the wait ends.</param>
    /// <param name="patience">Longest time without growth.</param>
    /// <param name="note">Told once when there is a wait.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public static async Task<BlobLock> TakeAsync(
        string lockPath, string watched, TimeSpan patience, Action<string> note, CancellationToken cancellation)
    {
        HubCache.Guard(lockPath, () => Directory.CreateDirectory(Path.GetDirectoryName(lockPath)!));
        var sinceGrowth = Stopwatch.StartNew();
        long length = -1;
        for (bool told = false; ;)
        {
            try
            {
                return new BlobLock(new FileStream(lockPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            }
            catch (UnauthorizedAccessException e)
            {
                throw HubCache.DiskFailure(lockPath, e);
            }
            catch (IOException e) when (!IsHeld(e))
            {
                throw HubCache.DiskFailure(lockPath, e);
            }
            catch (IOException)
            {
                // Held by another process or another transfer of this one.
            }
            if (!told)
                note("another process fetches this file; waiting for it");
            told = true;
            long now = new FileInfo(watched) is { Exists: true } info ? info.Length : -1;
            if (now != length)
                sinceGrowth.Restart();
            length = now;
            if (sinceGrowth.Elapsed > patience)
                throw new HubException(
                    HubFailure.Unavailable,
                    string.Create(CultureInfo.InvariantCulture, $"another process holds the download of this file and wrote nothing for {patience.TotalSeconds:0} s"),
                    lockPath, "end that process, then run again: the download goes on where it stopped");
            await Task.Delay(Poll, cancellation).ConfigureAwait(false);
        }
    }

    private static bool IsHeld(IOException e)
    {
        if (e is FileNotFoundException or DirectoryNotFoundException or PathTooLongException)
            return false;
        if (OperatingSystem.IsWindows())
            return (e.HResult & 0xFFFF) is 32 or 33;
        // EAGAIN/EWOULDBLOCK: 11 on Linux, 35 on macOS and the BSDs.
        return e.HResult is 11 or 35;
    }

    public void Dispose() => _file.Dispose();
}
