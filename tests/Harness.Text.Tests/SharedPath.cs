namespace Harness.Text.Tests;

/// <summary>Where the folder of outside samples lies that may be beside the repository.</summary>
internal static class SharedPath
{
    /// <summary>A file or folder of it, or null.</summary>
    public static string? Find(params string[] parts)
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string shared = Path.Combine(folder.FullName, "shared");
            if (!File.Exists(Path.Combine(shared, "design.md")))
                continue;
            string path = Path.Combine([shared, .. parts]);
            if (Path.Exists(path))
                return path;
        }

        return null;
    }
}
