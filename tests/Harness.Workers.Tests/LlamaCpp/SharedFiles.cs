using NUnit.Framework;

namespace Harness.Workers.Tests.LlamaCpp;

/// <summary>Files of <c>../shared</c>, which a fresh clone lacks.</summary>
internal static class SharedFiles
{
    /// <summary>A file's path; skips the test where there is none.</summary>
    public static string Path(string relative)
    {
        for (DirectoryInfo? directory = new(TestContext.CurrentContext.TestDirectory); directory is not null; directory = directory.Parent)
        {
            string shared = System.IO.Path.Combine(directory.FullName, "shared");
            if (File.Exists(System.IO.Path.Combine(shared, "design.md")))
                return System.IO.Path.Combine(shared, relative);
        }

        Assert.Ignore($"../shared/{relative} is not there: the reference files are not part of the repository");
        throw new InvalidOperationException();
    }
}
