using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Harness.Workers.Backends;

/// <summary>
/// Fetches a package's archive with <c>npm pack</c>: the user's own npm, with the registry, proxy and cache they set.
/// </summary>
internal sealed class NpmClient
{
    private const int LongestOutput = 1 << 20;

    private readonly string? _executable;

    /// <summary>Uses the npm found in PATH.</summary>
    public NpmClient()
        : this(FindExecutable(Environment.GetEnvironmentVariable("PATH") ?? ""))
    {
    }

    /// <summary>Uses this npm; null is a machine without one.</summary>
    public NpmClient(string? executable) => _executable = executable;

    /// <summary>Full path of npm in a search path, or null.</summary>
    public static string? FindExecutable(string searchPath)
    {
        string[] names = OperatingSystem.IsWindows() ? ["npm.cmd", "npm.exe"] : ["npm"];
        return searchPath.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(Path.IsPathFullyQualified)
            .SelectMany(directory => names.Select(name => Path.Combine(directory, name)))
            .FirstOrDefault(File.Exists);
    }

    /// <summary>Fetches an archive into a directory.</summary>
    /// <returns>Path of the archive and the integrity npm gives for it.</returns>
    /// <exception cref="BackendException">npm is absent, or failed; its words are quoted.</exception>
    public async Task<(string Archive, string Integrity)> PackAsync(
        BackendPackage package, string directory, CancellationToken cancellation)
    {
        if (_executable is null)
        {
            throw new BackendException(
                BackendFailure.NpmMissing,
                $"npm is not in PATH, and {package.Name}@{package.Version} is fetched through it",
                "Install Node.js with npm, or give a directory of llama.cpp libraries with --llama-cpp DIR.");
        }

        string name = $"{package.Name}@{package.Version}";
        (int status, string output, string errors) = await RunAsync(
            ["pack", name, "--json", "--ignore-scripts", "--no-update-notifier", "--no-fund"], directory, cancellation).ConfigureAwait(false);
        if (status != 0)
            throw Failed(name, output, errors, status);
        return Read(output, name, directory);
    }

    internal static (string Archive, string Integrity) Read(string output, string name, string directory)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(output);
            JsonElement root = document.RootElement;
            JsonElement packed = root.ValueKind == JsonValueKind.Array ? root[0] : root.EnumerateObject().First().Value;
            string file = packed.GetProperty("filename").GetString()!;
            string integrity = packed.GetProperty("integrity").GetString()!;
            // npm 6 to 8 gave scoped names here as "@scope/name-1.0.0.tgz" while writing "scope-name-1.0.0.tgz".
            file = file.Replace("@", "", StringComparison.Ordinal).Replace('/', '-').Replace('\\', '-');
            string archive = Path.Combine(directory, file);
            if (File.Exists(archive))
                return (archive, integrity);
            throw new BackendException(
                BackendFailure.Failed, $"npm pack {name} said it wrote {file}, but there is no such file", "Try again; look at npm's log.");
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException
            or IndexOutOfRangeException or NullReferenceException)
        {
            throw new BackendException(
                BackendFailure.Failed, $"npm pack {name} printed something else than the JSON of a package: {Shorten(output)}",
                "Try a current npm (11 is known to work).", e);
        }
    }

    internal static BackendException Failed(string name, string output, string errors, int status)
    {
        (string? code, string? summary) = Reason(output);
        code ??= CodeIn(errors);
        string words = summary ?? Words(errors);
        BackendFailure failure = code switch
        {
            "E404" or "ETARGET" or "ENOVERSIONS" => BackendFailure.NotFound,
            "ENOTFOUND" or "EAI_AGAIN" or "ECONNREFUSED" or "ECONNRESET" or "ETIMEDOUT" or "ENETUNREACH" or "EHOSTUNREACH"
                or "ENOTCACHED" or "ERR_SOCKET_TIMEOUT" or "E503" or "E502" or "E504" => BackendFailure.Offline,
            "EINTEGRITY" => BackendFailure.Corrupt,
            _ => BackendFailure.Failed,
        };
        string remedy = failure switch
        {
            BackendFailure.NotFound => "See the builds that are known with: harness backends list",
            BackendFailure.Offline => "Check the network and npm's registry and proxy settings, or give libraries with --llama-cpp DIR.",
            BackendFailure.Corrupt => "Try again; if it persists, empty npm's cache with: npm cache clean --force",
            _ => "Read npm's message above; `npm pack` by hand shows the same.",
        };
        string prefix = code is null ? $"npm pack {name} ended with status {status}" : $"npm pack {name} failed ({code})";
        return new BackendException(failure, words.Length > 0 ? $"{prefix}: {words}" : prefix, remedy);
    }

    // With --json npm puts {"error": {"code": …, "summary": …}} on standard output.
    private static (string? Code, string? Summary) Reason(string output)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(output);
            JsonElement error = document.RootElement.GetProperty("error");
            string? summary = error.TryGetProperty("summary", out JsonElement text) ? text.GetString() : null;
            return (error.TryGetProperty("code", out JsonElement code) && code.ValueKind == JsonValueKind.String ? code.GetString() : null,
                string.IsNullOrWhiteSpace(summary) ? null : Shorten(summary));
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return (null, null);
        }
    }

    private static string? CodeIn(string errors) => Lines(errors)
        .Where(line => line.StartsWith("code ", StringComparison.Ordinal))
        .Select(line => line["code ".Length..].Trim())
        .FirstOrDefault();

    private static string Words(string errors)
    {
        // The complete log's path is of no use in a message and names the user's home.
        string[] lines = [.. Lines(errors).Where(line => !line.Contains("_logs", StringComparison.Ordinal)
            && !line.StartsWith("A complete log", StringComparison.Ordinal))];
        return Shorten(string.Join(' ', lines));
    }

    private static IEnumerable<string> Lines(string errors)
    {
        foreach (string line in errors.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            foreach (string prefix in (string[])["npm error", "npm ERR!"])
            {
                if (line.StartsWith(prefix, StringComparison.Ordinal))
                    yield return line[prefix.Length..].Trim();
            }
        }
    }

    private static string Shorten(string text) => text.Length <= 600 ? text.Trim() : string.Concat(text.AsSpan(0, 600), "…");

    private async Task<(int Status, string Output, string Errors)> RunAsync(
        string[] arguments, string directory, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(_executable!, arguments)
        {
            WorkingDirectory = directory,
            UseShellExecute = false,
            CreateNoWindow = true,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        using var process = new Process { StartInfo = start };
        try
        {
            process.Start();
        }
        catch (Win32Exception e)
        {
            throw new BackendException(
                BackendFailure.NpmMissing, $"npm does not start ({_executable}): {e.Message}", "Repair the installation of Node.js.", e);
        }

        process.StandardInput.Close();
        try
        {
            Task<string> output = ReadAsync(process.StandardOutput, cancellation);
            Task<string> errors = ReadAsync(process.StandardError, cancellation);
            await process.WaitForExitAsync(cancellation).ConfigureAwait(false);
            return (process.ExitCode, await output.ConfigureAwait(false), await errors.ConfigureAwait(false));
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    private static async Task<string> ReadAsync(StreamReader reader, CancellationToken cancellation)
    {
        var text = new StringBuilder();
        char[] buffer = new char[4096];
        for (int read; (read = await reader.ReadAsync(buffer, cancellation).ConfigureAwait(false)) > 0;)
            text.Append(buffer, 0, Math.Min(read, LongestOutput - text.Length));
        return text.ToString();
    }
}
