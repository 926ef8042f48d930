using System.Runtime.InteropServices;

namespace Harness.Workers.Backends;

/// <summary>
/// The npm packages <c>@node-llama-cpp/…</c>, which carry llama.cpp's shared libraries for a platform, every CPU
/// variant among them.
/// </summary>
public static class NodeLlamaCpp
{
    /// <summary>
    /// The package with the CPU libraries for this machine, or null where there is none. Run on linux-x64; the names
    /// for other platforms are <c>unverified</c>: as published, not tried.
    /// </summary>
    /// <returns>The package's name.</returns>
    public static string? CpuPackage()
    {
        string system = OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "mac" : OperatingSystem.IsLinux() ? "linux" : "";
        return CpuPackage(system, RuntimeInformation.ProcessArchitecture);
    }

    /// <summary>A build from the release of the package that carries it, for this machine.</summary>
    /// <param name="build">The llama.cpp build, as <c>b8390</c>.</param>
    /// <param name="packageVersion">The version of the package that carries it.</param>
    /// <returns>What to install, or null where there is no package for this machine.</returns>
    public static BackendSpec? Cpu(string build, string packageVersion) =>
        CpuPackage() is { } name ? new BackendSpec("llama.cpp", build, [new BackendPackage(name, packageVersion)]) : null;

    internal static string? CpuPackage(string system, Architecture architecture) => (system, architecture) switch
    {
        ("linux", Architecture.X64) => "@node-llama-cpp/linux-x64",
        ("linux", Architecture.Arm64) => "@node-llama-cpp/linux-arm64",
        ("linux", Architecture.Arm) => "@node-llama-cpp/linux-armv7l",
        ("mac", Architecture.Arm64) => "@node-llama-cpp/mac-arm64-metal",
        ("mac", Architecture.X64) => "@node-llama-cpp/mac-x64",
        ("win", Architecture.X64) => "@node-llama-cpp/win-x64",
        ("win", Architecture.Arm64) => "@node-llama-cpp/win-arm64",
        _ => null,
    };
}
