using System.Globalization;
using System.Runtime.InteropServices;
using Harness.Matrix;
using Harness.Workers.Backends;

namespace Harness.Runner;

/// <summary>Looks at the machine for a plan: reads a few small files, starts nothing.</summary>
/// <param name="modelDirectory">Where models are kept (need not exist yet): its disk is the one measured.</param>
/// <param name="harnessHome">Where the harness keeps installed backends.</param>
public sealed class EnvironmentProbe(string modelDirectory, string harnessHome)
{
    /// <summary>Looks.</summary>
    /// <param name="offline">Whether nothing may be fetched.</param>
    /// <returns>The facts; what cannot be learned is null.</returns>
    public EnvironmentFacts Look(bool offline)
    {
        (long? total, long? available) = Memory();
        return new(Platform(), Devices())
        {
            Cores = Environment.ProcessorCount,
            TotalMemoryBytes = total,
            AvailableMemoryBytes = available,
            FreeDiskBytes = FreeDisk(),
            InstalledBackends = Installed(),
            Offline = offline,
            NpmPresent = OnPath(OperatingSystem.IsWindows() ? ["npm.cmd", "npm.exe"] : ["npm"]),
        };
    }

    /// <summary>Operating system and processor of this process, as <c>linux-x64</c>.</summary>
    public static string Platform()
    {
        string system = OperatingSystem.IsWindows() ? "win"
            : OperatingSystem.IsMacOS() ? "osx"
            : RuntimeInformation.RuntimeIdentifier.Contains("musl", StringComparison.Ordinal) ? "linux-musl" : "linux";
        return system + "-" + RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
    }

    private List<BackendId> Installed()
    {
        List<BackendId> found = [];
        try
        {
            foreach (InstalledBackend backend in new BackendStore(harnessHome).List())
            {
                if (BackendId.TryParse(backend.Id, out BackendId? id)) found.Add(id);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A home that cannot be read holds nothing that can be used; installing into it says what is wrong.
        }

        return found;
    }

    private static List<DeviceFact> Devices()
    {
        List<DeviceFact> devices = [];
        if (OperatingSystem.IsMacOS() && RuntimeInformation.ProcessArchitecture == Architecture.Arm64)
            devices.Add(new("metal", "Apple GPU"));

        // The driver's own list: there without any CUDA library, which a backend's package brings along.
        const string driver = "/proc/driver/nvidia/gpus";
        if (!OperatingSystem.IsLinux() || !Directory.Exists(driver)) return devices;
        try
        {
            foreach (string gpu in Directory.EnumerateDirectories(driver))
            {
                string? model = FirstValue(Path.Combine(gpu, "information"), "Model:");
                devices.Add(new("cuda", model ?? "NVIDIA GPU"));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Not readable is not seen.
        }

        return devices;
    }

    private static (long? Total, long? Available) Memory()
    {
        if (!OperatingSystem.IsLinux()) return (GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, null);
        long? total = Kibibytes("MemTotal:");
        long? available = Kibibytes("MemAvailable:");
        // In a container the limit counts, and what is used already counts against it (cgroup v2).
        if (Number("/sys/fs/cgroup/memory.max") is { } limit)
        {
            total = Math.Min(total ?? limit, limit);
            long free = limit - (Number("/sys/fs/cgroup/memory.current") ?? 0) + (Reclaimable() ?? 0);
            available = Math.Clamp(available ?? free, 0, Math.Max(0, free));
        }

        return (total, available);

        static long? Kibibytes(string name) =>
            FirstValue("/proc/meminfo", name) is { } text && long.TryParse(text.Split(' ')[0], NumberStyles.None, CultureInfo.InvariantCulture, out long value)
                ? value * 1024
                : null;

        // Cached files count as used memory of the group, but give way.
        static long? Reclaimable() =>
            long.TryParse(FirstValue("/sys/fs/cgroup/memory.stat", "inactive_file "), NumberStyles.None, CultureInfo.InvariantCulture, out long value) ? value : null;
    }

    private static long? Number(string file)
    {
        try
        {
            return long.TryParse(File.ReadAllText(file).AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out long value) ? value : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>What follows a name at the beginning of a line.</summary>
    private static string? FirstValue(string file, string name)
    {
        try
        {
            foreach (string line in File.ReadLines(file))
            {
                if (line.StartsWith(name, StringComparison.Ordinal)) return line[name.Length..].Trim();
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Absent on this system.
        }

        return null;
    }

    private long? FreeDisk()
    {
        try
        {
            DirectoryInfo? directory = new(Path.GetFullPath(modelDirectory));
            while (directory is { Exists: false }) directory = directory.Parent;
            return directory is null ? null : new DriveInfo(directory.FullName).AvailableFreeSpace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    private static bool OnPath(string[] names) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(Path.IsPathFullyQualified)
            .Any(directory => names.Any(name => File.Exists(Path.Combine(directory, name))));
}
