namespace Harness.Workers.Processes;

/// <summary>Finds programs as a shell would, so that a missing one is named before anything is started.</summary>
public static class ProgramSearch
{
    /// <summary>Looks a program up.</summary>
    /// <param name="name">A path, or a name to find in <c>PATH</c>; on Windows without its ending.</param>
    /// <returns>Its path, or null when there is none that may be executed.</returns>
    public static string? Find(string name)
    {
        if (name.Contains('/', StringComparison.Ordinal) || Path.IsPathRooted(name))
            return IsProgram(name) ? name : null;
        string[] directories = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        string[] endings = OperatingSystem.IsWindows() ? ["", ".exe", ".cmd"] : [""];
        return directories
            .Where(directory => directory.Length > 0)
            .SelectMany(directory => endings.Select(ending => Path.Combine(directory, name + ending)))
            .FirstOrDefault(IsProgram);
    }

    private static bool IsProgram(string path)
    {
        if (!File.Exists(path))
            return false;
        const UnixFileMode execute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        return OperatingSystem.IsWindows() || (File.GetUnixFileMode(path) & execute) != 0;
    }
}
