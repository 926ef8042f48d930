using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Harness.EndToEnd.Tests;

/// <summary>How a program ended.</summary>
/// <param name="Status">Its exit status.</param>
/// <param name="Output">What it wrote on stdout.</param>
/// <param name="Errors">What it wrote on stderr.</param>
internal sealed record ProgramEnd(int Status, string Output, string Errors);

/// <summary>A program that a test started, and never leaves behind.</summary>
internal sealed partial class RunningProgram : IDisposable
{
    private const int Interrupt = 2;

    private readonly Process _process;
    private readonly Task<string> _output, _errors;

    private RunningProgram(Process process)
    {
        _process = process;
        _process.StandardInput.Close();
        _output = _process.StandardOutput.ReadToEndAsync();
        _errors = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>Starts a program.</summary>
    /// <param name="program">Its path, or a name looked up in PATH.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="environment">Variables to set; null takes one out.</param>
    /// <returns>Null when there is no such program.</returns>
    public static RunningProgram? TryStart(
        string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Repository.Root,
        };
        foreach (string name in start.Environment.Keys.Where(k => k.StartsWith("HF_", StringComparison.Ordinal) || k.StartsWith("HUGGING", StringComparison.Ordinal)).ToArray())
            start.Environment.Remove(name);
        foreach ((string name, string? value) in environment ?? new Dictionary<string, string?>())
            start.Environment[name] = value;
        try
        {
            return new RunningProgram(Process.Start(start)!);
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    public bool HasExited => _process.HasExited;

    /// <summary>Ends the program the hard way (SIGKILL), and nothing else.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>What Ctrl-C sends.</summary>
    public void SendInterrupt() => _ = Signal(_process.Id, Interrupt);

    /// <summary>Waits for the end.</summary>
    /// <param name="seconds">How long at most.</param>
    public async Task<ProgramEnd> WaitAsync(double seconds = 300)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill(entireProcessTree: true);
            throw new TimeoutException($"the program went on for more than {seconds} s; its stderr: {await _errors}");
        }

        return new ProgramEnd(_process.ExitCode, await _output, await _errors);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int pid, int signal);
}
