using System.ComponentModel;
using System.Diagnostics;
using Harness.Workers.Processes;

namespace Harness.Cli.Doctor;

/// <summary>Asks a program for its version.</summary>
internal static class ProgramVersion
{
    /// <summary>A program that takes longer is not waited for.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Asks.</summary>
    /// <param name="program">A name in <c>PATH</c>.</param>
    /// <param name="arguments">What to ask, as <c>--version</c>.</param>
    /// <returns>The first line it prints; empty when it prints none or fails; null when there is no such program.</returns>
    public static async Task<string?> AskAsync(string program, params string[] arguments)
    {
        if (ProgramSearch.Find(program) is not { } path) return null;
        try
        {
            using var process = new Process
            {
                StartInfo = new ProcessStartInfo(path, arguments)
                {
                    RedirectStandardInput = true,
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                    WorkingDirectory = Path.GetTempPath(),
                },
            };
            process.Start();
            process.StandardInput.Close();
            using var patience = new CancellationTokenSource(Patience);
            try
            {
                Task<string> errors = process.StandardError.ReadToEndAsync(patience.Token);
                string output = await process.StandardOutput.ReadToEndAsync(patience.Token).ConfigureAwait(false);
                await errors.ConfigureAwait(false);
                await process.WaitForExitAsync(patience.Token).ConfigureAwait(false);
                return process.ExitCode == 0 ? output.Split('\n')[0].Trim() : "";
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                return "";
            }
        }
        catch (Exception e) when (e is Win32Exception or IOException or InvalidOperationException)
        {
            return "";
        }
    }
}
