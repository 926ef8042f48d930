using System.Runtime.InteropServices;

namespace Harness.Runner.Hardware;

/// <summary>Looks at this machine: processor, memory, GPUs, limits. Takes some milliseconds; needs no privileges.</summary>
public static class HardwareProbe
{
    /// <summary>What this machine has, now.</summary>
    /// <returns>The facts; what cannot be found out is null or absent, never guessed.</returns>
    public static MachineHardware Look() => new(
        Platform(),
        RuntimeInformation.OSDescription,
        RuntimeInformation.FrameworkDescription,
        CpuProbe.Look(),
        MemoryProbe.Look(),
        [.. NvidiaProbe.Look(), .. MetalDevices()],
        HasVulkanLoader(),
        OperatingSystem.IsLinux() ? ControlGroups.Limits("/proc/self/cgroup", "/sys/fs/cgroup") : null);

    /// <summary>This platform as the catalogue names it: <c>linux-x64</c>, <c>linux-musl-x64</c>, <c>win-arm64</c>, <c>osx-arm64</c>.</summary>
    /// <returns>The name.</returns>
    public static string Platform()
    {
        string system = OperatingSystem.IsWindows() ? "win"
            : OperatingSystem.IsMacOS() ? "osx"
            : RuntimeInformation.RuntimeIdentifier.Contains("musl", StringComparison.Ordinal)
                || RuntimeInformation.RuntimeIdentifier.StartsWith("alpine", StringComparison.Ordinal) ? "linux-musl"
            : OperatingSystem.IsLinux() ? "linux" : "unix";
        string processor = RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => "x64",
            Architecture.Arm64 => "arm64",
            Architecture other => other.ToString().ToLowerInvariant(),
        };
        return $"{system}-{processor}";
    }

    // Every Mac with an Arm processor has one GPU, on the same chip and the same memory. Unverified: not run.
    private static IEnumerable<GpuInfo> MetalDevices() =>
        OperatingSystem.IsMacOS() && RuntimeInformation.ProcessArchitecture == Architecture.Arm64
            ? [new GpuInfo("metal", "Apple GPU", null, null)]
            : [];

    private static bool HasVulkanLoader()
    {
        string[] names = OperatingSystem.IsWindows() ? ["vulkan-1.dll"]
            : OperatingSystem.IsMacOS() ? ["libvulkan.1.dylib", "libMoltenVK.dylib"]
            : ["libvulkan.so.1"];
        foreach (string name in names)
        {
            if (NativeLibrary.TryLoad(name, out nint handle))
            {
                NativeLibrary.Free(handle);
                return true;
            }
        }

        return false;
    }
}
