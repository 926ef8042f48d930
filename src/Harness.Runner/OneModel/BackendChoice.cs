using Harness.Matrix;
using Harness.Runner.Cells;
using Harness.Workers;
using Harness.Workers.Backends;

namespace Harness.Runner.OneModel;

/// <summary>What <c>--backend</c> names, for commands that run one model at once. Installs nothing.</summary>
/// <param name="store">Installed backends.</param>
/// <param name="executable">The harness executable, of which workers are second copies.</param>
/// <param name="ownDirectory">The user's own llama.cpp libraries, or null; they are then what <c>llama.cpp</c> means.</param>
/// <param name="catalogue">The catalogue; asked for only when a backend is not here, to say how to get it.</param>
public sealed class BackendChoice(BackendStore store, string executable, string? ownDirectory, Func<Catalogue> catalogue)
{
    /// <summary>The engine of this program.</summary>
    public const string Builtin = "builtin";

    /// <summary>llama.cpp, in the newest build there is.</summary>
    public const string LlamaCpp = "llama.cpp";

    private const string Own = $"{LlamaCpp}@{BackendSource.OwnVersion}";

    private readonly string? _own = ownDirectory is null ? null : OwnDirectory(ownDirectory);

    /// <summary>Finds a backend.</summary>
    /// <param name="name"><c>builtin</c>, <c>llama.cpp</c> (the newest installed) or <c>llama.cpp@v0.5.0</c>.</param>
    /// <returns>The backend, ready to be started; its build is not hashed for one answer.</returns>
    /// <exception cref="MatrixException">It is not installed, or there is none of this name.</exception>
    public BackendAtHand Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name == Builtin)
            return new BackendAtHand(name, WorkerCommand.OfHarness(executable, Builtin), null, null, null);
        if (_own is not null && name is LlamaCpp or Own)
            return new BackendAtHand(Own, WorkerCommand.OfHarness(executable, LlamaCpp, _own!), null, "own build", null);
        if (store.Find(name) is { Engine: LlamaCpp } installed)
            return new BackendAtHand(installed.Id, WorkerCommand.OfHarness(executable, LlamaCpp, installed.Directory), installed.Provenance.Digest, null, null);
        throw Absent(name);
    }

    /// <summary>Looks whether a directory holds llama.cpp's libraries.</summary>
    /// <param name="directory">What <c>--llama-cpp</c> names.</param>
    /// <returns>Its full path.</returns>
    /// <exception cref="MatrixException">There is no such directory, or no library in it.</exception>
    public static string OwnDirectory(string directory)
    {
        const string remedy = "give the directory that holds libllama and libggml, as build/bin of a llama.cpp build";
        ArgumentNullException.ThrowIfNull(directory);
        if (!Directory.Exists(directory)) throw new MatrixException(new Diagnostic("there is no such directory", remedy, Field: $"--llama-cpp {directory}"));
        string pattern = OperatingSystem.IsWindows() ? "*llama.dll" : OperatingSystem.IsMacOS() ? "libllama*.dylib" : "libllama*.so*";
        return Directory.EnumerateFiles(directory, pattern).Any()
            ? Path.GetFullPath(directory)
            : throw new MatrixException(new Diagnostic($"there is no {pattern} in it", remedy, Field: $"--llama-cpp {directory}"));
    }

    private MatrixException Absent(string name)
    {
        if (name == Own) return Wrong($"{Own} means libraries of your own, and none were given", "give their directory with --llama-cpp DIR");
        string[] listed = [.. catalogue().Backends.SelectMany(backend => backend.Builds).Where(build => !build.IsBuiltIn).Select(build => build.Id.ToString())];
        string[] installed = [.. store.List().Select(backend => backend.Id)];
        string here = installed.Length == 0 ? "" : $"; installed are {string.Join(", ", installed)}";
        if (name == LlamaCpp || listed.Contains(name))
            return Wrong($"{name} is not installed", $"run 'harness backends install {name}', or give libraries of your own with --llama-cpp DIR{here}");
        string[] known = [Builtin, LlamaCpp, .. listed.Union(installed)];
        string meant = NearestWord.Find(name, known) is { } near ? $"did you mean '{near}'? " : "";
        return Wrong($"there is no backend '{name}'", $"{meant}there are {string.Join(", ", known)}");
    }

    private static MatrixException Wrong(string message, string remedy) => new(new Diagnostic(message, remedy, Field: "--backend"));
}
