using System.Text.RegularExpressions;

namespace Harness.Workers.Backends;

/// <summary>
/// The backends installed for this user: <c>HARNESS_HOME/backends/ENGINE/BUILD/</c> with the libraries and
/// <see cref="BackendProvenance"/>. A directory appears there whole, by one rename, or not at all.
/// </summary>
public sealed partial class BackendStore
{
    private readonly string _root;
    private readonly NpmClient _npm;

    /// <summary>Opens the store below a home directory.</summary>
    /// <param name="home">As <see cref="HarnessHome.Locate()"/> gives it; need not exist.</param>
    public BackendStore(string home)
        : this(home, new NpmClient())
    {
    }

    internal BackendStore(string home, NpmClient npm)
    {
        _root = Path.Combine(Path.GetFullPath(home), "backends");
        _npm = npm;
    }

    /// <summary>All installed backends, by engine, oldest build first.</summary>
    /// <returns>The backends; a directory without a readable record is none.</returns>
    public IReadOnlyList<InstalledBackend> List()
    {
        if (!Directory.Exists(_root))
            return [];
        return [.. Directory.EnumerateDirectories(_root)
            .SelectMany(Directory.EnumerateDirectories)
            .Select(Read)
            .OfType<InstalledBackend>()
            .OrderBy(backend => backend.Engine, StringComparer.Ordinal)
            .ThenBy(backend => backend.Build, BuildOrder.Instance)];
    }

    /// <summary>An installed backend.</summary>
    /// <param name="id"><c>llama.cpp@v0.5.0</c>, or <c>llama.cpp</c> for the newest installed.</param>
    /// <returns>The backend, or null when it is not installed.</returns>
    public InstalledBackend? Find(string id)
    {
        ArgumentNullException.ThrowIfNull(id);
        return List().LastOrDefault(backend => backend.Id == id || backend.Engine == id);
    }

    /// <summary>
    /// Installs a backend through npm, unless it is installed. Safe beside other processes that install the same one:
    /// one works, the others wait and find it done.
    /// </summary>
    /// <param name="spec">What to install.</param>
    /// <param name="progress">Told in a few words what is being done.</param>
    /// <param name="cancellation">Stops npm and leaves nothing behind.</param>
    /// <returns>The installed backend.</returns>
    /// <exception cref="BackendException">It could not be had; says why and what to do.</exception>
    public async Task<InstalledBackend> InstallAsync(
        BackendSpec spec, IProgress<string>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(spec);
        // These become directory names.
        if (!SafeName().IsMatch(spec.Engine) || !SafeName().IsMatch(spec.Build))
            throw new ArgumentException($"not a name of a backend: {spec.Id}", nameof(spec));
        // These become words of npm's command line.
        if (spec.Packages.FirstOrDefault(package => !PackageName().IsMatch(package.Name) || !SafeName().IsMatch(package.Version)) is { } odd)
            throw new ArgumentException($"not a package at an exact version: {odd.Name}@{odd.Version}", nameof(spec));
        string engine = Path.Combine(_root, spec.Engine);
        string target = Path.Combine(engine, spec.Build);
        if (Read(target) is { } present)
            return present;
        try
        {
            Directory.CreateDirectory(engine);
            using InstallLock held = await InstallLock
                .AcquireAsync(Path.Combine(engine, $".{spec.Build}.lock"), progress, cancellation).ConfigureAwait(false);
            return Read(target) ?? await new BackendInstaller(_npm, progress)
                .InstallAsync(spec, target, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BackendException(
                BackendFailure.Failed, $"{spec.Id} cannot be written to {engine}: {e.Message}",
                $"Make room or set {HarnessHome.Variable} to a directory that can be written.", e);
        }
    }

    internal static InstalledBackend? Read(string directory)
    {
        // A name with a dot in front is an installation under way.
        if (Path.GetFileName(directory).StartsWith('.'))
            return null;
        return BackendProvenance.TryRead(directory) is { } provenance
            ? new InstalledBackend(provenance.Engine, provenance.Build, Path.GetFullPath(directory), provenance)
            : null;
    }

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$", RegexOptions.CultureInvariant)]
    private static partial Regex SafeName();

    [GeneratedRegex("^(@[a-z0-9][a-z0-9._-]{0,99}/)?[a-z0-9][a-z0-9._-]{0,99}$", RegexOptions.CultureInvariant)]
    private static partial Regex PackageName();
}
