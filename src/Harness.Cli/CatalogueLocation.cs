namespace Harness.Cli;

/// <summary>Finds the catalogue, the folder <c>matrix/</c>, when the command line does not say where it is.</summary>
internal static class CatalogueLocation
{
    /// <summary>Beside or above the working directory; else the copy that the program carries.</summary>
    /// <returns>The folder, or null where there is none.</returns>
    public static string? Find() => FindAbove(Environment.CurrentDirectory) ?? FindAbove(Path.Combine(AppContext.BaseDirectory, "catalogue"));

    private static string? FindAbove(string directory)
    {
        for (DirectoryInfo? folder = new(directory); folder is not null; folder = folder.Parent)
        {
            string candidate = Path.Combine(folder.FullName, "matrix");
            if (Directory.Exists(Path.Combine(candidate, "models")))
                return candidate;
        }

        return null;
    }
}
