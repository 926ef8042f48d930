using Harness.Matrix;
using Harness.Runner.Hardware;
using Harness.Workers.Backends;
using Harness.Workers.Processes;

namespace Harness.Runner;

/// <summary>Puts what this machine has into the words of a plan; starts nothing.</summary>
/// <param name="modelDirectory">Where models are kept (need not exist yet): its disk is the one measured.</param>
/// <param name="harnessHome">Where the harness keeps installed backends.</param>
public sealed class EnvironmentProbe(string modelDirectory, string harnessHome)
{
    /// <summary>Looks.</summary>
    /// <param name="offline">Whether nothing may be fetched.</param>
    /// <returns>The facts; what cannot be learned is null.</returns>
    public EnvironmentFacts Look(bool offline) => Look(HardwareProbe.Look(), offline);

    /// <inheritdoc cref="Look(bool)"/>
    /// <param name="hardware">The machine, when it was looked at already.</param>
    /// <param name="offline">Whether nothing may be fetched.</param>
    public EnvironmentFacts Look(MachineHardware hardware, bool offline)
    {
        ArgumentNullException.ThrowIfNull(hardware);
        return new(hardware.Platform, [.. hardware.Gpus.Select(gpu => new DeviceFact(gpu.Api, gpu.Name, gpu.MemoryBytes))])
        {
            Cores = hardware.Cpu.UsableProcessors,
            TotalMemoryBytes = Least(hardware.Memory.TotalBytes, hardware.Limits?.MemoryBytes),
            AvailableMemoryBytes = Least(hardware.Memory.AvailableBytes, hardware.Limits?.AvailableMemoryBytes),
            FreeDiskBytes = FreeDisk(modelDirectory),
            InstalledBackends = Installed(),
            Offline = offline,
            NpmPresent = ProgramSearch.Find("npm") is not null,
        };
    }

    /// <summary>Free bytes of the disk a directory lies on, or would lie on.</summary>
    /// <param name="path">The directory; need not exist.</param>
    /// <returns>The bytes, or null when they cannot be learned.</returns>
    public static long? FreeDisk(string path)
    {
        try
        {
            DirectoryInfo? directory = new(Path.GetFullPath(path));
            while (directory is { Exists: false }) directory = directory.Parent;
            return directory is null ? null : new DriveInfo(directory.FullName).AvailableFreeSpace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return null;
        }
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

    private static long? Least(long? a, long? b) => a is null || b < a ? b ?? a : a;
}
