using System.Diagnostics;
using System.Text.Json;

namespace Harness.Workers.Tests.LlamaCpp;

/// <summary>
/// <see cref="EngineProgram"/> as a child that goes on answering: many small models in one process. A child that died
/// of a model is replaced, and the answer says what it died of.
/// </summary>
internal sealed class EngineChild(string directory) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private readonly List<string> log = [];
    private Process? process;

    /// <summary>One step's answer.</summary>
    /// <exception cref="InvalidOperationException">The child died; says what it wrote at last.</exception>
    public JsonElement Ask(params string[] step)
    {
        Process child = process ??= Start();
        lock (log)
            log.Clear();
        child.StandardInput.WriteLine(string.Join('\t', step));
        child.StandardInput.Flush();
        Task<string?> line = child.StandardOutput.ReadLineAsync();
        string? answer = line.Wait(Patience) ? line.Result : null;
        if (answer is not null)
            return JsonDocument.Parse(answer).RootElement;

        Dispose();
        lock (log)
            throw new InvalidOperationException($"llama.cpp did not answer {string.Join(' ', step)[..Math.Min(200, string.Join(' ', step).Length)]}: {string.Join('\n', log.TakeLast(8))}");
    }

    public void Dispose()
    {
        if (process is null)
            return;
        process.Kill(entireProcessTree: true);
        process.WaitForExit();
        process.Dispose();
        process = null;
    }

    private Process Start()
    {
        string dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } host ? host : "dotnet";
        var started = Process.Start(new ProcessStartInfo(dotnet, ["exec", typeof(EngineChild).Assembly.Location, directory, "listen"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        })!;
        started.ErrorDataReceived += (_, line) =>
        {
            lock (log)
                log.Add(line.Data ?? string.Empty);
        };
        started.BeginErrorReadLine();
        return started;
    }
}
