namespace Harness.Matrix;

/// <summary>An engine of the catalogue.</summary>
/// <param name="Engine">Its name: <c>builtin</c>, <c>llama.cpp</c>.</param>
/// <param name="Description">What it is, in a line; or null.</param>
/// <param name="Hardware">Hardware APIs it drives.</param>
/// <param name="Platforms">Platforms it runs on, as <c>linux-x64</c>.</param>
/// <param name="Builds">Its builds from old to new; for an engine without builds of its own the one unversioned build.</param>
public sealed record BackendEntry(
    string Engine, string? Description, IReadOnlyList<string> Hardware, IReadOnlyList<string> Platforms, IReadOnlyList<BackendBuild> Builds);

/// <summary>One build of an engine, and where it can be had.</summary>
/// <param name="Id">Engine and version.</param>
/// <param name="Hardware">Hardware APIs it drives.</param>
/// <param name="Platforms">Platforms it runs on.</param>
/// <param name="Packages">Where it can be installed from, a line for each platform; empty for what is built in or the user's own.</param>
/// <param name="IsListed">Whether the catalogue lists it; false for a build only found installed.</param>
public sealed record BackendBuild(
    BackendId Id,
    IReadOnlyList<string> Hardware,
    IReadOnlyList<string> Platforms,
    IReadOnlyList<BackendPackage> Packages,
    bool IsListed = true)
{
    /// <summary>Whether it comes with the harness and needs no installation.</summary>
    public bool IsBuiltIn => Id.Version is null;

    /// <summary>The package for a platform and a hardware API, or null.</summary>
    /// <param name="platform">As <c>linux-x64</c>.</param>
    /// <param name="hardware">As <c>cpu</c>.</param>
    public BackendPackage? FindPackage(string platform, string hardware)
    {
        foreach (BackendPackage package in Packages)
        {
            if (package.Platform == platform && package.Hardware.Contains(hardware)) return package;
        }

        return null;
    }
}

/// <summary>A published package that carries a build for one platform.</summary>
/// <param name="Distribution">The catalogue's name for who publishes it: <c>node-llama-cpp</c>.</param>
/// <param name="Registry">Kind of registry: <c>npm</c>.</param>
/// <param name="Name">Its name there: <c>@node-llama-cpp/linux-x64</c>.</param>
/// <param name="Version">Its version there: <c>3.22.1</c>.</param>
/// <param name="Platform">As <c>linux-x64</c>.</param>
/// <param name="Hardware">Hardware APIs it drives.</param>
/// <param name="Unverified">Whether nobody checked that it exists and holds what it should.</param>
public sealed record BackendPackage(
    string Distribution, string Registry, string Name, string Version, string Platform, IReadOnlyList<string> Hardware, bool Unverified);
