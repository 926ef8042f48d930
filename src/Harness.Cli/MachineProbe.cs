using System.Reflection;
using Harness.Receipts;
using Harness.Runner.Hardware;

namespace Harness.Cli;

/// <summary>The machine in the words of receipts.</summary>
internal static class MachineProbe
{
    /// <summary>The version of this program, without its commit.</summary>
    public static string Version { get; } = (typeof(MachineProbe).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0")
        .Split('+')[0];

    /// <summary>Describes a machine that was looked at.</summary>
    /// <param name="hardware">What was seen.</param>
    public static MachineFacts Describe(MachineHardware hardware) => new(
        hardware.OperatingSystem,
        hardware.Cpu.Architecture.ToLowerInvariant(),
        hardware.Cpu.Model ?? hardware.Cpu.Vendor ?? "unknown processor",
        hardware.Cpu.UsableProcessors,
        hardware.Limits?.MemoryBytes is { } limit ? Math.Min(limit, hardware.Memory.TotalBytes) : hardware.Memory.TotalBytes,
        hardware.Runtime,
        Version,
        hardware.Cpu.InstructionSets);
}
