namespace Harness.Runner.Hardware;

/// <summary>What this machine computes with. Holds nothing that names the machine or its user.</summary>
/// <param name="Platform">As <c>linux-x64</c>, <c>osx-arm64</c>.</param>
/// <param name="OperatingSystem">Its name and version.</param>
/// <param name="Runtime">The .NET runtime.</param>
/// <param name="Cpu">The processor.</param>
/// <param name="Memory">The machine's memory.</param>
/// <param name="Gpus">GPUs seen through their drivers; empty when none was seen.</param>
/// <param name="VulkanLoader">Whether a Vulkan loader is installed; whether it finds a device is for a backend to say.</param>
/// <param name="Limits">What a container or control group allows, or null where nothing is limited.</param>
public sealed record MachineHardware(
    string Platform,
    string OperatingSystem,
    string Runtime,
    CpuInfo Cpu,
    MemoryInfo Memory,
    IReadOnlyList<GpuInfo> Gpus,
    bool VulkanLoader,
    ResourceLimits? Limits);

/// <summary>A processor.</summary>
/// <param name="Vendor">As <c>GenuineIntel</c>, <c>AuthenticAMD</c>, <c>ARM</c>; or null.</param>
/// <param name="Model">Its brand string, or null.</param>
/// <param name="Architecture">As <c>X64</c>.</param>
/// <param name="PhysicalCores">Cores of the machine, or null when unknown.</param>
/// <param name="LogicalProcessors">Hardware threads of the machine.</param>
/// <param name="UsableProcessors">Hardware threads this process may use (affinity and limits taken off).</param>
/// <param name="InstructionSets">Vector instruction sets the processor has and the operating system lets programs use.</param>
public sealed record CpuInfo(
    string? Vendor,
    string? Model,
    string Architecture,
    int? PhysicalCores,
    int LogicalProcessors,
    int UsableProcessors,
    IReadOnlyList<string> InstructionSets);

/// <summary>Memory.</summary>
/// <param name="TotalBytes">All of it.</param>
/// <param name="AvailableBytes">What programs may still take without swapping, or null when unknown.</param>
public sealed record MemoryInfo(long TotalBytes, long? AvailableBytes);

/// <summary>A GPU.</summary>
/// <param name="Api">The interface it was seen through: <c>cuda</c> or <c>metal</c>.</param>
/// <param name="Name">Its name.</param>
/// <param name="MemoryBytes">Its own memory, or null.</param>
/// <param name="Driver">The driver's version, or null.</param>
public sealed record GpuInfo(string Api, string Name, long? MemoryBytes, string? Driver);

/// <summary>What this process may use of the machine.</summary>
/// <param name="Processors">Processor time, in processors; or null for no limit.</param>
/// <param name="MemoryBytes">Memory; or null for no limit.</param>
/// <param name="AvailableMemoryBytes">What is left of that, cached files counted as free; or null when unknown.</param>
public sealed record ResourceLimits(double? Processors, long? MemoryBytes, long? AvailableMemoryBytes = null);
