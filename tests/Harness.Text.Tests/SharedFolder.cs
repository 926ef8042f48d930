using NUnit.Framework;

namespace Harness.Text.Tests;

/// <summary>The folder of outside samples that may lie beside the repository.</summary>
internal static class SharedFolder
{
    /// <summary>A file or folder of it; the test is skipped where there is none.</summary>
    public static string Require(params string[] parts)
    {
        string? path = SharedPath.Find(parts);
        if (path is null)
            Assert.Ignore($"The samples in shared/{string.Join('/', parts)} are not beside the repository.");
        return path!;
    }
}
