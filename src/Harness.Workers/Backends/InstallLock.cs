namespace Harness.Workers.Backends;

/// <summary>
/// Held by the one process that installs a backend: a file opened for itself alone, which the operating system lets go
/// of when the process ends, however it ends.
/// </summary>
internal sealed class InstallLock : IDisposable
{
    private readonly FileStream _file;

    private InstallLock(FileStream file) => _file = file;

    /// <summary>Waits for the lock.</summary>
    public static async Task<InstallLock> AcquireAsync(
        string path, IProgress<string>? progress, CancellationToken cancellation)
    {
        for (bool told = false; ; told = true)
        {
            try
            {
                return new InstallLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            }
            catch (IOException e) when (IsHeldElsewhere(e))
            {
                if (!told)
                    progress?.Report("waiting for another process that installs it");
                await Task.Delay(TimeSpan.FromMilliseconds(100), cancellation).ConfigureAwait(false);
            }
        }
    }

    /// <inheritdoc/>
    // The file stays: removing it would let a third process lock a new one while a second waits on the old.
    public void Dispose() => _file.Dispose();

    // ERROR_SHARING_VIOLATION and ERROR_LOCK_VIOLATION on Windows; EWOULDBLOCK, 11 on Linux and 35 on macOS and BSD.
    private static bool IsHeldElsewhere(IOException e) => OperatingSystem.IsWindows()
        ? (e.HResult & 0xFFFF) is 32 or 33
        : e.HResult is 11 or 35;
}
