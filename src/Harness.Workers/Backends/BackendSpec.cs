namespace Harness.Workers.Backends;

/// <summary>One build of a backend, and the packages that carry it.</summary>
/// <param name="Engine">The engine's name, as <c>llama.cpp</c>.</param>
/// <param name="Build">The upstream build, as <c>b8390</c> or <c>v0.5.0</c>.</param>
/// <param name="Packages">
/// npm packages laid over one another in one directory, the first first; a later one (a GPU back end) adds its files
/// and replaces those of the same name.
/// </param>
public sealed record BackendSpec(string Engine, string Build, IReadOnlyList<BackendPackage> Packages)
{
    /// <summary>The backend as it is written: <c>llama.cpp@v0.5.0</c>.</summary>
    public string Id => $"{Engine}@{Build}";
}

/// <summary>A package of the npm registry, at one version.</summary>
/// <param name="Name">Its name, as <c>@node-llama-cpp/linux-x64</c>.</param>
/// <param name="Version">Its exact version.</param>
/// <param name="Integrity">The expected integrity (<c>sha512-…</c>), where one is pinned.</param>
public sealed record BackendPackage(string Name, string Version, string? Integrity = null);
