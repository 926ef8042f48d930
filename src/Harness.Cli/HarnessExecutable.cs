namespace Harness.Cli;

/// <summary>The program that is running, so that workers can be second copies of it.</summary>
internal static class HarnessExecutable
{
    /// <summary>Path of the executable, or of <c>harness.dll</c> where <c>dotnet</c> runs it.</summary>
    public static string Path { get; } = Find();

    private static string Find()
    {
        string? process = Environment.ProcessPath;
        string name = OperatingSystem.IsWindows() ? "harness.exe" : "harness";
        if (process is not null && string.Equals(System.IO.Path.GetFileName(process), name, StringComparison.OrdinalIgnoreCase)) return process;
        string beside = System.IO.Path.Combine(AppContext.BaseDirectory, name);
        return File.Exists(beside) ? beside : System.IO.Path.Combine(AppContext.BaseDirectory, "harness.dll");
    }
}
