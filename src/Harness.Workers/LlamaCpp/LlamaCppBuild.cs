using System.Text.RegularExpressions;
using Harness.Workers.Backends;

namespace Harness.Workers.LlamaCpp;

/// <summary>Which release a directory of libraries is, where that can be known, and the digest of what was loaded.</summary>
internal static partial class LlamaCppBuild
{
    /// <summary>The version when nothing beside the libraries names a release.</summary>
    public const string Own = "own";

    /// <summary>The release beside the libraries: the harness's own record first, then the packager's.</summary>
    /// <returns>Version (<c>own</c> when unknown) and a line about the distribution, or null.</returns>
    public static (string Version, string? Distribution) Describe(string directory)
    {
        if (BackendProvenance.TryRead(directory) is { } provenance)
        {
            return (provenance.Build,
                string.Join(", ", provenance.Packages.Select(package => $"{package.Name}@{package.Version}")));
        }

        return PackagedBuild.TryRead(directory) is { Release: string release } packaged
            ? (release, packaged.Repository)
            : (Own, null);
    }

    /// <summary>
    /// The libraries of a directory that are in this process: on Linux what is mapped, elsewhere those loaded by name
    /// and those ggml logged ("load_backend: loaded CPU backend from …").
    /// </summary>
    public static IReadOnlyList<string> Loaded(LlamaLibraries libraries, IEnumerable<string> log)
    {
        var paths = new SortedSet<string>(StringComparer.Ordinal);
        if (OperatingSystem.IsLinux())
        {
            string prefix = libraries.Directory.TrimEnd('/') + "/";
            foreach (string line in File.ReadLines("/proc/self/maps"))
            {
                int start = line.IndexOf('/', StringComparison.Ordinal);
                if (start >= 0 && line.AsSpan(start).StartsWith(prefix, StringComparison.Ordinal))
                    paths.Add(line[start..]);
            }
        }

        // A directory reached through a link is mapped under another name: the log and the loads fill in.
        if (paths.Count == 0)
        {
            paths.UnionWith(libraries.Paths);
            paths.UnionWith(log.Select(line => LoadedFrom().Match(line))
                .Where(match => match.Success)
                .Select(match => match.Groups[1].Value)
                .Where(File.Exists));
        }

        return [.. paths];
    }

    [GeneratedRegex(@"loaded \S+ backend from (.+)$", RegexOptions.CultureInvariant)]
    private static partial Regex LoadedFrom();
}
