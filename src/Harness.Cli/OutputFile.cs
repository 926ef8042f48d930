namespace Harness.Cli;

/// <summary>A file a command is asked to write with <c>--out</c>.</summary>
internal static class OutputFile
{
    /// <summary>
    /// Where nothing may be replaced. Files are written beside their target and moved over it, which would put an
    /// ordinary file in the place of a device: for root, <c>--out /dev/null</c> would end that device for the machine.
    /// </summary>
    private static readonly string[] SystemTrees = ["/dev/", "/proc/", "/sys/"];

    /// <summary>The part of <c>/dev</c> that is an ordinary file system.</summary>
    private const string SharedMemory = "/dev/shm/";

    /// <summary>Looks, before any work, whether there can be a file of this name. Writes nothing.</summary>
    /// <param name="path">The path.</param>
    /// <param name="what">What is to be written, as <c>the logits</c>.</param>
    /// <exception cref="CommandException">It is a directory, in none, or no ordinary file.</exception>
    public static void Check(string path, string what)
    {
        if (path.Length == 0 || Directory.Exists(path) || !Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(path))))
            throw new CommandException(ExitStatus.Usage, $"{what} cannot be written there", $"--out {path}", "Give a file in a folder that exists.");
        if (IsOfTheSystem(path))
            throw new CommandException(ExitStatus.Usage, $"{what} cannot be written to a device", $"--out {path}", "Give an ordinary file; what is written replaces what is there.");
    }

    private static bool IsOfTheSystem(string path)
    {
        if (OperatingSystem.IsWindows()) return false;
        string full = Path.GetFullPath(path);
        string folder = Path.GetDirectoryName(full)!;
        // A folder may be reached through a link; the file itself, when it is a link, is replaced and not followed.
        string real = Directory.ResolveLinkTarget(folder, returnFinalTarget: true)?.FullName ?? folder;
        return new[] { full, Path.Combine(real, Path.GetFileName(full)) }.Any(one =>
            SystemTrees.Any(tree => one.StartsWith(tree, StringComparison.Ordinal)) && !one.StartsWith(SharedMemory, StringComparison.Ordinal));
    }
}
