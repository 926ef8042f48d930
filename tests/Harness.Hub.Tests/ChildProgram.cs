using System.Diagnostics;
using NUnit.Framework;

namespace Harness.Hub.Tests;

/// <summary>Programs that tests start, and never leave behind.</summary>
internal sealed class ChildProgram : IDisposable
{
    private readonly Process _process;
    private readonly Task<string> _output, _errors;

    private ChildProgram(ProcessStartInfo start)
    {
        _process = Process.Start(start)!;
        _process.StandardInput.Close();
        _output = _process.StandardOutput.ReadToEndAsync();
        _errors = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>Starts a program; null when there is none of that name.</summary>
    public static ChildProgram? TryStart(string program, IEnumerable<string> arguments, params (string Name, string? Value)[] environment)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string name in start.Environment.Keys.Where(k => k.StartsWith("HF_") || k.EndsWith("_proxy", StringComparison.OrdinalIgnoreCase)).ToArray())
            start.Environment.Remove(name);
        foreach ((string name, string? value) in environment)
            start.Environment[name] = value;
        try
        {
            return new ChildProgram(start);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    /// <summary>Starts this checkout's own <c>harness</c>.</summary>
    public static ChildProgram Harness(Uri endpoint, string cache, params string[] arguments) => Harness(endpoint, cache, [], arguments);

    /// <summary>Starts this checkout's own <c>harness</c> with further variables.</summary>
    public static ChildProgram Harness(Uri endpoint, string cache, (string Name, string? Value)[] variables, params string[] arguments)
    {
        DirectoryInfo? root = new(TestContext.CurrentContext.TestDirectory);
        string framework = root.Name, configuration = root.Parent!.Name;
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "harness.sln")))
            root = root.Parent;
        string program = Path.Combine(
            root!.FullName, "src", "Harness.Cli", "bin", configuration, framework, OperatingSystem.IsWindows() ? "harness.exe" : "harness");
        Assert.That(File.Exists(program), $"{program} is built with the tests");
        string home = Path.GetDirectoryName(cache)!;
        return TryStart(
            program, arguments,
            [("HF_ENDPOINT", endpoint.AbsoluteUri), ("HF_HUB_CACHE", cache), ("HF_HOME", home), ("HARNESS_HOME", Path.Combine(home, "harness")), .. variables])!;
    }

    /// <summary>Ends the program the hard way.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Waits for the end.</summary>
    public async Task<(int Status, string Output, string Errors)> WaitAsync(double seconds = 30)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        await _process.WaitForExitAsync(limit.Token);
        return (_process.ExitCode, await _output, await _errors);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }
}
