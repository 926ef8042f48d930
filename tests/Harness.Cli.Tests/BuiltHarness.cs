using System.Diagnostics;

namespace Harness.Cli.Tests;

/// <summary>The built program, run in a directory of its own with a home and a hub cache of its own: as a newcomer meets it.</summary>
internal sealed class BuiltHarness : IDisposable
{
    /// <summary>Where it runs.</summary>
    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("harness-cli-").FullName;

    /// <summary>Variables set on top of the test's own.</summary>
    public Dictionary<string, string?> Environment { get; } = [];

    /// <summary>Runs a command line.</summary>
    /// <param name="arguments">Its words.</param>
    public Outcome Run(params string[] arguments) => RunWith("", arguments);

    /// <summary>Runs a command line with text on its standard input.</summary>
    /// <param name="input">The text.</param>
    /// <param name="arguments">Its words.</param>
    public Outcome RunWith(string input, params string[] arguments)
    {
        using Process process = Start(arguments);
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new Outcome(process.ExitCode, output, error.Result);
    }

    /// <summary>Starts a command line, and lets it run.</summary>
    /// <param name="arguments">Its words.</param>
    public Process Start(params string[] arguments)
    {
        string program = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "harness.exe" : "harness");
        ProcessStartInfo start = new(program, arguments)
        {
            WorkingDirectory = Directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["HARNESS_HOME"] = Path.Combine(Directory, "home");
        start.Environment["HF_HOME"] = Path.Combine(Directory, "hub");
        start.Environment["HF_HUB_OFFLINE"] = "1";
        foreach (string variable in (string[])["HF_TOKEN", "HF_ENDPOINT", "HF_HUB_CACHE", "HF_TOKEN_PATH"]) start.Environment.Remove(variable);
        foreach ((string name, string? value) in Environment) start.Environment[name] = value;
        return Process.Start(start)!;
    }

    /// <summary>Writes a file where the program runs.</summary>
    /// <param name="name">Its path there.</param>
    /// <param name="text">Its text.</param>
    public void Write(string name, string text)
    {
        string path = Path.Combine(Directory, name);
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);
}

/// <summary>What came of a command line.</summary>
internal sealed record Outcome(int Status, string Output, string Error);
