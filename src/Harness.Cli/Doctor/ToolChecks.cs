namespace Harness.Cli.Doctor;

/// <summary>Programs the harness or its tests use; only .NET itself is required.</summary>
internal static class ToolChecks
{
    /// <summary>Asks all of them, side by side.</summary>
    public static async Task<IReadOnlyList<Finding>> LookAsync()
    {
        List<Task<Finding>> checks =
        [
            SdkAsync(),
            ToolAsync("npm", ["npm"], "llama.cpp builds are installed through it", Install("nodejs npm", "node", "OpenJS.NodeJS")),
            ToolAsync("node", ["node"], "tests against the hub's official client skip without it", Install("nodejs npm", "node", "OpenJS.NodeJS")),
        ];
        if (OperatingSystem.IsLinux())
            checks.Add(ToolAsync("setpriv", ["setpriv"], "the kernel ends workers of other programs with the harness by it", "apt-get install -y util-linux"));
        checks.AddRange(
        [
            ToolAsync("python3", OperatingSystem.IsWindows() ? ["python3", "python"] : ["python3"], "only retraining nano and some tests use it", Install("python3", "python", "Python.Python.3.13")),
            TorchAsync(),
            ToolAsync("chromium", ["chromium", "chromium-browser", "google-chrome"], "tests of the pages in a browser skip without it", Install("chromium", "--cask chromium", "Hibbiki.Chromium")),
            ToolAsync("PostgreSQL", ["postgres", "psql"], "tests against a database server skip without it", Install("postgresql", "postgresql@17", "PostgreSQL.PostgreSQL.17")),
        ]);
        return await Task.WhenAll(checks).ConfigureAwait(false);
    }

    private static async Task<Finding> SdkAsync()
    {
        const string name = ".NET SDK";
        string? listed = await ProgramVersion.AskAsync("dotnet", "--version").ConfigureAwait(false);
        return listed is { Length: > 0 }
            ? Finding.Ok(name, listed)
            : Finding.Optional(name, "not found; only building the harness needs it", Install("dotnet-sdk-10.0", "dotnet-sdk", "Microsoft.DotNet.SDK.10"));
    }

    private static async Task<Finding> ToolAsync(string name, string[] programs, string use, string howTo)
    {
        foreach (string program in programs)
        {
            // A program that is there but does not run is as good as none.
            if (await ProgramVersion.AskAsync(program, "--version").ConfigureAwait(false) is { Length: > 0 } version)
                return Finding.Ok(name, $"{version}; {use}");
        }

        return Finding.Optional(name, $"not found; {use}", howTo);
    }

    private static async Task<Finding> TorchAsync()
    {
        const string name = "torch";
        string? version = await ProgramVersion.AskAsync("python3", "-c", "import importlib.metadata as m; print(m.version('torch'))").ConfigureAwait(false);
        return version is { Length: > 0 }
            ? Finding.Ok(name, $"{version}; only retraining nano uses it")
            : Finding.Optional(name, "not found; only retraining nano uses it", Install("python3-torch", "pytorch", null));
    }

    private static string Install(string debian, string brew, string? winget) =>
        OperatingSystem.IsWindows() ? winget is null ? "pip install torch" : $"winget install {winget}"
        : OperatingSystem.IsMacOS() ? $"brew install {brew}"
        : $"apt-get install -y {debian}";
}
