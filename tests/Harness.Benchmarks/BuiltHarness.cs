namespace Harness.Benchmarks;

/// <summary>The program that was built beside the benchmarks.</summary>
internal static class BuiltHarness
{
    /// <summary>The repository's root.</summary>
    public static string Root => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Executable)!, "..", "..", "..", "..", ".."));

    /// <summary>The executable.</summary>
    /// <exception cref="FileNotFoundException">It is not built.</exception>
    public static string Executable
    {
        get
        {
            string name = OperatingSystem.IsWindows() ? "harness.exe" : "harness";
            for (DirectoryInfo? directory = new(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
            {
                string path = Path.Combine(directory.FullName, "src", "Harness.Cli", "bin", "Release", "net10.0", name);
                if (File.Exists(path)) return path;
            }

            throw new FileNotFoundException("harness is not built: dotnet build -c Release src/Harness.Cli");
        }
    }
}
