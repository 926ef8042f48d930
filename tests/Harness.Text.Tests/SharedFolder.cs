using NUnit.Framework;

namespace Harness.Text.Tests;

/// <summary>Finds the folder of outside samples that may lie beside the repository.</summary>
internal static class SharedFolder
{
    /// <summary>A file or folder of it; the test is skipped where there is none.</summary>
    public static string Require(params string[] parts)
    {
        for (DirectoryInfo? folder = new(TestContext.CurrentContext.TestDirectory); folder is not null; folder = folder.Parent)
        {
            string shared = Path.Combine(folder.FullName, "shared");
            if (!File.Exists(Path.Combine(shared, "design.md")))
                continue;
            string path = Path.Combine([shared, .. parts]);
            if (Path.Exists(path))
                return path;
        }

        Assert.Ignore($"The samples in shared/{string.Join('/', parts)} are not beside the repository.");
        return string.Empty;
    }
}
