namespace Harness.Cli;

/// <summary>A file a command is asked to write with <c>--out</c>.</summary>
internal static class OutputFile
{
    /// <summary>Looks, before any work, whether there can be a file of this name.</summary>
    /// <param name="path">The path.</param>
    /// <param name="what">What is to be written, as <c>the logits</c>.</param>
    /// <exception cref="CommandException">It is a directory, or in none.</exception>
    public static void Check(string path, string what)
    {
        if (path.Length == 0 || Directory.Exists(path) || !Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(path))))
            throw new CommandException(ExitStatus.Usage, $"{what} cannot be written there", $"--out {path}", "Give a file in a folder that exists.");
    }
}
