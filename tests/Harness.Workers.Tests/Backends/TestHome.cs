using System.Runtime.InteropServices;
using Harness.Workers.Backends;
using NUnit.Framework;

namespace Harness.Workers.Tests.Backends;

/// <summary>
/// Real llama.cpp builds for the tests, installed through npm once into a home that later runs find again:
/// <c>HARNESS_TEST_HOME</c>, or a directory of the system's temporary one.
/// </summary>
internal static class TestHome
{
    public static readonly IReadOnlyDictionary<string, string> PackageVersions = new Dictionary<string, string>
    {
        ["b4600"] = "3.5.0",
        ["b5640"] = "3.10.0",
        ["b7347"] = "3.14.5",
        ["b8390"] = "3.18.1",
        ["v0.5.0"] = "3.22.1",
    };

    public static string Path { get; } = Environment.GetEnvironmentVariable("HARNESS_TEST_HOME") is { Length: > 0 } named
        ? named
        : System.IO.Path.Combine(System.IO.Path.GetTempPath(), "harness-test-home");

    public static string? Npm { get; } = NpmClient.FindExecutable(Environment.GetEnvironmentVariable("PATH") ?? "");

    public static BackendSpec Spec(string build)
    {
        string? package = (OperatingSystem.IsWindows(), OperatingSystem.IsMacOS(), OperatingSystem.IsLinux(), RuntimeInformation.ProcessArchitecture) switch
        {
            (_, _, true, Architecture.X64) => "linux-x64",
            (_, _, true, Architecture.Arm64) => "linux-arm64",
            (_, true, _, Architecture.Arm64) => "mac-arm64-metal",
            (_, true, _, Architecture.X64) => "mac-x64",
            (true, _, _, Architecture.X64) => "win-x64",
            (true, _, _, Architecture.Arm64) => "win-arm64",
            _ => null,
        };
        if (package is null)
            Assert.Ignore("node-llama-cpp has no llama.cpp package for this platform");
        return new BackendSpec("llama.cpp", build, [new BackendPackage($"@node-llama-cpp/{package}", PackageVersions[build])]);
    }

    /// <summary>The directory of a build's libraries; skips the test where it cannot be had.</summary>
    public static string Directory(string build)
    {
        var store = new BackendStore(Path);
        if (store.Find($"llama.cpp@{build}") is { } installed)
            return installed.Directory;
        if (Npm is null)
            Assert.Ignore("`npm` not found in PATH: install Node.js with npm to test against real llama.cpp builds");
        try
        {
            return store.InstallAsync(Spec(build)).GetAwaiter().GetResult().Directory;
        }
        catch (BackendException e) when (e.Failure is BackendFailure.Offline)
        {
            Assert.Ignore($"npm's registry is out of reach, and llama.cpp {build} is not in {Path}: {e.Message}");
            throw;
        }
    }
}
