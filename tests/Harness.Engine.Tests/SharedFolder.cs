using NUnit.Framework;

namespace Harness.Engine.Tests;

/// <summary>Finds the folder of shared test data beside the repository, or skips the test.</summary>
internal static class SharedFolder
{
    public static string Require(params string[] path)
    {
        for (DirectoryInfo? folder = new(TestContext.CurrentContext.TestDirectory); folder is not null; folder = folder.Parent)
        {
            string shared = Path.Combine(folder.FullName, "shared");
            if (File.Exists(Path.Combine(shared, "design.md")))
            {
                string wanted = Path.Combine([shared, .. path]);
                if (File.Exists(wanted) || Directory.Exists(wanted))
                    return wanted;
            }
        }

        Assert.Ignore($"../shared/{string.Join('/', path)} is not here.");
        return string.Empty;
    }
}
