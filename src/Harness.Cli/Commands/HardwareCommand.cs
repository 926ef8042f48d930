using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Harness.Runner.Hardware;
using Spectre.Console;

namespace Harness.Cli.Commands;

/// <summary><c>harness hardware</c>: what this machine computes with.</summary>
internal static partial class HardwareCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "Prints one JSON object and nothing else." };
        var command = new Command(
            "hardware",
            """
            Shows this machine's processor, memory, GPUs and limits.

            They are named as reports name them. Instruction sets are those the processor has and the system lets programs use; which one a backend really
            uses is in its receipts. A GPU listed here was seen through its driver; whether a backend can use it is
            known only by trying.

            Examples:
              harness hardware
              harness hardware --json
            """)
        {
            json,
        };
        command.SetAction(parsed => CommandErrors.Guard(() =>
        {
            MachineHardware hardware = HardwareProbe.Look();
            if (parsed.GetValue(json))
                Console.Out.WriteLine(JsonSerializer.Serialize(hardware, HardwareJson.Default.MachineHardware));
            else
                Show(hardware);
            return ExitStatus.Done;
        }));
        return command;
    }

    private static void Show(MachineHardware hardware)
    {
        var grid = new Grid().AddColumn(new GridColumn().NoWrap().PadRight(2)).AddColumn();
        void Row(string name, string value) => grid.AddRow(new Spectre.Console.Text(name), new Spectre.Console.Text(value));

        CpuInfo cpu = hardware.Cpu;
        Row("processor", cpu.Model ?? "unknown");
        if (cpu.Vendor is { } vendor)
            Row("vendor", vendor);
        string cores = cpu.PhysicalCores is { } physical ? $"{physical} cores, " : "";
        Row("cores", string.Create(CultureInfo.InvariantCulture,
            $"{cores}{cpu.LogicalProcessors} hardware threads, {cpu.UsableProcessors} usable here"));
        Row("instructions", cpu.InstructionSets.Count > 0 ? string.Join(' ', cpu.InstructionSets) : "unknown");
        Row("memory", hardware.Memory.AvailableBytes is { } available
            ? $"{Gibibytes(hardware.Memory.TotalBytes)}, {Gibibytes(available)} available"
            : Gibibytes(hardware.Memory.TotalBytes));
        if (hardware.Gpus.Count == 0)
            Row("GPU", "none seen");
        foreach (GpuInfo gpu in hardware.Gpus)
            Row("GPU", string.Join(", ", new[] { gpu.Name, gpu.MemoryBytes is { } bytes ? Gibibytes(bytes) : null, gpu.Api, gpu.Driver is { } driver ? $"driver {driver}" : null }.OfType<string>()));
        Row("Vulkan", hardware.VulkanLoader ? "loader installed" : "no loader");
        Row("limits", Limits(hardware.Limits));
        Row("system", $"{hardware.OperatingSystem}, {hardware.Platform}");
        Row("runtime", hardware.Runtime);
        AnsiConsole.Write(grid);
    }

    private static string Limits(ResourceLimits? limits)
    {
        if (limits is null)
            return "none";
        string?[] parts =
        [
            limits.Processors is { } processors ? string.Create(CultureInfo.InvariantCulture, $"{processors:0.##} processors") : null,
            limits.MemoryBytes is { } memory ? $"{Gibibytes(memory)} of memory" : null,
        ];
        return string.Join(", ", parts.OfType<string>());
    }

    private static string Gibibytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):0.0} GiB");

    [JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
    [JsonSerializable(typeof(MachineHardware))]
    private sealed partial class HardwareJson : JsonSerializerContext;
}
