namespace Harness.Workers.Backends;

/// <summary>Where the harness keeps what is its own: backends, probe models, repacked weights.</summary>
public static class HarnessHome
{
    /// <summary>The environment variable that names the directory.</summary>
    public const string Variable = "HARNESS_HOME";

    /// <summary>
    /// The directory, which need not exist yet: <c>HARNESS_HOME</c>; else <c>harness</c> in the platform's cache
    /// directory (<c>XDG_CACHE_HOME</c> or <c>~/.cache</c>, <c>~/Library/Caches</c>, <c>%LOCALAPPDATA%</c>).
    /// </summary>
    /// <returns>A full path.</returns>
    public static string Locate() => Locate(Environment.GetEnvironmentVariable);

    internal static string Locate(Func<string, string?> environment)
    {
        if (environment(Variable) is { Length: > 0 } named)
            return Path.GetFullPath(named);
        string user = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        if (OperatingSystem.IsWindows())
            return Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "harness");
        if (OperatingSystem.IsMacOS())
            return Path.Combine(user, "Library", "Caches", "harness");
        // The XDG specification: a relative value is invalid and to be ignored.
        string? cache = environment("XDG_CACHE_HOME");
        return Path.Combine(cache is not null && Path.IsPathFullyQualified(cache) ? cache : Path.Combine(user, ".cache"), "harness");
    }
}
