using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace Harness.Workers.LlamaCpp;

/// <summary>
/// The shared libraries of one llama.cpp build: found in a directory whatever its release named them
/// (<c>libllama.so</c>, <c>libllama.b8390.so</c>, <c>libllama.dylib</c>, <c>llama.v0.5.0.dll</c>), and loaded in the
/// order that lets each find the ones it needs.
/// </summary>
/// <remarks>They stay loaded until the process ends: ggml keeps threads and exit handlers that outlive any handle.</remarks>
internal sealed partial class LlamaLibraries
{
    private readonly List<(string Path, nint Handle)> _loaded = [];

    private LlamaLibraries(string directory) => Directory = directory;

    /// <summary>Full path of the directory.</summary>
    public string Directory { get; }

    /// <summary>The files loaded by name, in order; the CPU and GPU back ends ggml picks are not among them.</summary>
    public IEnumerable<string> Paths => _loaded.Select(library => library.Path);

    /// <summary>Loads libggml-base, libggml and libllama from a directory; a build may have them all in libllama.</summary>
    /// <exception cref="InferenceException">No libllama there, or the loader refused one.</exception>
    public static LlamaLibraries Load(string directory)
    {
        string full = Path.GetFullPath(directory);
        if (!System.IO.Directory.Exists(full))
            throw new InferenceException(InferenceFailure.Error, $"no such directory of llama.cpp libraries: {full}");
        string? llama = Find(full, "llama");
        if (llama is null)
        {
            throw new InferenceException(
                InferenceFailure.Error, $"no llama.cpp library ({Expected()}) in {full}");
        }

        var libraries = new LlamaLibraries(full);
        foreach (string? path in (string?[])[Find(full, "ggml-base"), Find(full, "ggml"), llama])
        {
            if (path is not null)
                libraries.Open(path);
        }

        return libraries;
    }

    /// <summary>The library of that base name in a directory, or null: of several copies, the one with the shortest name.</summary>
    public static string? Find(string directory, string name)
    {
        return System.IO.Directory.EnumerateFiles(directory)
            .Where(path => LibraryName().Match(Path.GetFileName(path)) is { Success: true } match
                && match.Groups["name"].Value == name)
            .OrderBy(path => Path.GetFileName(path).Length)
            .ThenBy(path => path, StringComparer.Ordinal)
            .FirstOrDefault();
    }

    /// <summary>The address of an exported function, or 0.</summary>
    public nint Export(string name)
    {
        for (int i = _loaded.Count - 1; i >= 0; i--)
        {
            if (NativeLibrary.TryGetExport(_loaded[i].Handle, name, out nint address))
                return address;
        }

        return 0;
    }

    private void Open(string path)
    {
        try
        {
            // The directory of the library itself is searched for what it needs; on Windows nothing else would be.
            nint handle = NativeLibrary.Load(
                path, Assembly.GetExecutingAssembly(), DllImportSearchPath.UseDllDirectoryForDependencies);
            _loaded.Add((path, handle));
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            throw new InferenceException(
                InferenceFailure.Error, $"the library {Path.GetFileName(path)} does not load: {e.Message}", e);
        }
    }

    private static string Expected() =>
        OperatingSystem.IsWindows() ? "llama.dll" : OperatingSystem.IsMacOS() ? "libllama.dylib" : "libllama.so";

    // "libllama-common" and "libggml-cpu-haswell" have a dash after the name, a release tag has a dot before it.
    [GeneratedRegex(@"^(lib)?(?<name>llama|ggml-base|ggml)(\.[A-Za-z0-9][A-Za-z0-9._-]*?)?\.(so(\.[0-9]+)*|dylib|dll)$",
        RegexOptions.CultureInvariant)]
    private static partial Regex LibraryName();
}
