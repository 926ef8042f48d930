using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Harness.Workers.Tests.LlamaCpp;

/// <summary>Runs <see cref="EngineProgram"/> as a child and gives its answers.</summary>
internal static class EngineProcess
{
    /// <summary>One answer a step; fewer when the child died.</summary>
    public static IReadOnlyList<JsonElement> Run(string directory, params string[] steps) =>
        Run(directory, out _, steps);

    public static IReadOnlyList<JsonElement> Run(string directory, out string log, params string[] steps)
    {
        string dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } host ? host : "dotnet";
        var start = new ProcessStartInfo(dotnet, ["exec", typeof(EngineProcess).Assembly.Location, directory, .. steps])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        using var process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(TimeSpan.FromMinutes(2)))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"llama.cpp in {directory} did not answer: {string.Join(' ', steps)}");
        }

        log = errors.GetAwaiter().GetResult();
        return [.. output.GetAwaiter().GetResult()
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement)];
    }

    public static float[] Logits(JsonElement answer) => answer.TryGetProperty("logits", out JsonElement logits)
        ? MemoryMarshal.Cast<byte, float>(logits.GetBytesFromBase64()).ToArray()
        : throw new InvalidOperationException($"no logits: {answer}");
}
