using System.Globalization;
using Harness.Runner;
using Harness.Runner.Hardware;

namespace Harness.Cli.Doctor;

/// <summary>The machine, and the two places the harness writes to.</summary>
internal static class MachineChecks
{
    /// <summary>With less the harness runs into the end of a disk or of memory within minutes.</summary>
    private const long Little = 1L << 30;

    /// <summary>Looks at the machine.</summary>
    public static IEnumerable<Finding> Look()
    {
        MachineHardware hardware = HardwareProbe.Look();
        CpuInfo cpu = hardware.Cpu;
        yield return Finding.Ok(".NET runtime", $"{hardware.Runtime}, {hardware.Platform}");
        yield return Finding.Ok("processor", string.Create(CultureInfo.InvariantCulture, $"{cpu.Model ?? "unknown"}, {cpu.UsableProcessors} hardware threads"));
        yield return Finding.Ok("instructions", cpu.InstructionSets.Count > 0 ? string.Join(' ', cpu.InstructionSets) : "unknown");
        long total = Math.Min(hardware.Memory.TotalBytes, hardware.Limits?.MemoryBytes ?? long.MaxValue);
        long? available = hardware.Limits?.AvailableMemoryBytes is { } left ? Math.Min(left, hardware.Memory.AvailableBytes ?? left) : hardware.Memory.AvailableBytes;
        string memory = available is { } now ? $"{Gibibytes(now)} of {Gibibytes(total)} available" : Gibibytes(total);
        yield return available < Little
            ? Finding.Wrong("memory", memory, "end other programs, or run where there is more")
            : Finding.Ok("memory", memory);
        foreach (GpuInfo gpu in hardware.Gpus)
            yield return Finding.Ok("GPU", $"{gpu.Name}, {gpu.Api}{(gpu.Driver is { } driver ? $", driver {driver}" : "")}");
        if (hardware.Gpus.Count == 0)
            yield return Finding.Optional("GPU", "none seen through a driver; cells on a GPU are blocked");
    }

    /// <summary>Looks at a directory the harness keeps things in.</summary>
    /// <param name="name">What it is called.</param>
    /// <param name="path">The directory; need not exist.</param>
    /// <param name="variable">The variable that moves it.</param>
    /// <param name="required">Whether the harness cannot work without it.</param>
    public static Finding Place(string name, string path, string variable, bool required)
    {
        string shown = HomePath.Shorten(path);
        string howTo = $"set {variable} to a directory that can be written";
        if (WriteFault(path) is { } fault)
            return required ? Finding.Wrong(name, $"{shown} cannot be written: {fault}", howTo) : Finding.Optional(name, $"{shown} cannot be written, so nothing is downloaded: {fault}", howTo);
        long? free = EnvironmentProbe.FreeDisk(path);
        string said = free is { } bytes ? $"{shown}, {Gibibytes(bytes)} free" : shown;
        return free < Little ? Finding.Wrong(name, said, $"make room, or set {variable} to a directory on another disk") : Finding.Ok(name, said);
    }

    /// <summary>Why nothing can be written below a directory; where it does not exist yet, below the nearest that does.</summary>
    private static string? WriteFault(string path)
    {
        try
        {
            if (File.Exists(path)) return "it is a file";
            DirectoryInfo? directory = new(Path.GetFullPath(path));
            while (directory is { Exists: false }) directory = directory.Parent;
            if (directory is null) return "no such disk";
            string probe = Path.Combine(directory.FullName, $".harness-doctor-{Guid.NewGuid():N}");
            using FileStream file = new(probe, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return e.Message.TrimEnd('.');
        }
    }

    private static string Gibibytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):0.0} GiB");
}
