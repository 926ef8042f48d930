using NUnit.Framework;

namespace Harness.EndToEnd.Tests;

/// <summary>The checkout the tests were built from.</summary>
internal static class Repository
{
    /// <summary>Its root.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The program that was built with the tests.</summary>
    public static string Harness { get; } = FindProgram();

    /// <summary>What the tests write lies outside; skips where a test needs it and git is absent.</summary>
    public static async Task<IReadOnlyList<string>> TrackedFilesAsync()
    {
        if (!Path.Exists(Path.Combine(Root, ".git")))
            Assert.Ignore("no git repository: which files are tracked cannot be asked");
        using RunningProgram? git = RunningProgram.TryStart("git", ["-C", Root, "ls-files", "-z"], null);
        if (git is null)
            Assert.Ignore("git not found in PATH: which files are tracked cannot be asked");
        ProgramEnd end = await git!.WaitAsync();
        Assert.That(end.Status, Is.Zero, end.Errors);
        return [.. end.Output.Split('\0', StringSplitOptions.RemoveEmptyEntries).Where(f => File.Exists(Path.Combine(Root, f)))];
    }

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(TestContext.CurrentContext.TestDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "harness.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("harness.sln is in no folder above the tests");
    }

    private static string FindProgram()
    {
        DirectoryInfo built = new(TestContext.CurrentContext.TestDirectory);
        return Path.Combine(
            Root, "src", "Harness.Cli", "bin", built.Parent!.Name, built.Name, OperatingSystem.IsWindows() ? "harness.exe" : "harness");
    }
}
