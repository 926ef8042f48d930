using Harness.Matrix;
using Harness.Runner.Cells;
using Harness.Workers;
using Harness.Workers.Backends;
using Harness.Workers.Builtin;

namespace Harness.Runner;

/// <summary>Gives backends that can be started.</summary>
public interface IBackendSource
{
    /// <summary>Finds the backend of a cell, installing it when that is allowed.</summary>
    /// <param name="cell">A cell that the plan does not block.</param>
    /// <param name="cancellation">Ends an installation.</param>
    /// <returns>The backend, or why there is none and what to do.</returns>
    Task<(BackendAtHand? Backend, string? Reason)> FindAsync(PlannedCell cell, CancellationToken cancellation);
}

/// <summary>
/// The built-in engine, the user's own llama.cpp, and builds of the store; a build that is missing is installed through
/// npm unless that is forbidden. Each backend is looked for once in a run.
/// </summary>
/// <param name="store">Installed backends.</param>
/// <param name="executable">The harness executable.</param>
/// <param name="platform">As <c>linux-x64</c>.</param>
/// <param name="offline">Whether nothing may be installed.</param>
/// <param name="ownDirectory">The user's own llama.cpp libraries, or null.</param>
/// <param name="progress">Told in a few words what is being installed.</param>
public sealed class BackendSource(
    BackendStore store, string executable, string platform, bool offline, string? ownDirectory, IProgress<string>? progress) : IBackendSource
{
    /// <summary>The version under which the user's own libraries run.</summary>
    public const string OwnVersion = "own";

    private readonly Dictionary<string, (BackendAtHand?, string?)> _found = [];

    /// <inheritdoc/>
    public async Task<(BackendAtHand? Backend, string? Reason)> FindAsync(PlannedCell cell, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(cell);
        string id = $"{cell.Build.Id} {cell.Cell.Hardware}";
        if (!_found.TryGetValue(id, out (BackendAtHand?, string?) found))
            _found[id] = found = await LookAsync(cell.Build, cell.Cell.Hardware, cancellation).ConfigureAwait(false);
        return found;
    }

    private async Task<(BackendAtHand?, string?)> LookAsync(BackendBuild build, string hardware, CancellationToken cancellation)
    {
        string id = build.Id.ToString();
        if (build.IsBuiltIn)
            return (new BackendAtHand(id, WorkerCommand.OfHarness(executable, "builtin"), BuiltinInspection.BuildDigest, null, null), null);
        if (ownDirectory is not null && build.Id.Version?.Text == OwnVersion)
        {
            string? digest = LibraryDigest.Of(Directory.EnumerateFiles(ownDirectory).Where(IsLibrary));
            return (new BackendAtHand(id, LlamaCpp(ownDirectory), digest, "own build", null), null);
        }

        if (store.Find(id) is { } installed) return (AtHand(id, installed), null);
        if (build.FindPackage(platform, hardware) is not { } package)
            return (null, $"{id} is not installed, and there is no package of it for {platform} with {hardware}: give libraries of your own with --llama-cpp DIR");
        if (offline) return (null, $"{id} is not installed and --offline forbids to fetch it: run 'harness backends install {id}' while online");
        try
        {
            var spec = new BackendSpec(build.Id.Engine, build.Id.Version!.Value.Text, [new Workers.Backends.BackendPackage(package.Name, package.Version)]);
            return (AtHand(id, await store.InstallAsync(spec, progress, cancellation).ConfigureAwait(false)), null);
        }
        catch (BackendException e)
        {
            return (null, $"{id} could not be installed: {e.Message} {e.Remedy}");
        }
    }

    private BackendAtHand AtHand(string id, InstalledBackend installed)
    {
        InstalledPackage? package = installed.Provenance.Packages.Count > 0 ? installed.Provenance.Packages[0] : null;
        return new BackendAtHand(
            id, LlamaCpp(installed.Directory), installed.Provenance.Digest,
            package is null ? null : $"{package.Source} {package.Name}", package?.Version);
    }

    private WorkerCommand LlamaCpp(string directory) => WorkerCommand.OfHarness(executable, "llama.cpp", directory);

    private static bool IsLibrary(string path)
    {
        string name = Path.GetFileName(path);
        return name.Contains(".so", StringComparison.Ordinal) || name.EndsWith(".dylib", StringComparison.Ordinal)
            || name.EndsWith(".dll", StringComparison.OrdinalIgnoreCase);
    }
}
