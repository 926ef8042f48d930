using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Harness.Runner.Hardware;

/// <summary>The processor: CPUID on x86, the kernel's list elsewhere.</summary>
internal static class CpuProbe
{
    public static CpuInfo Look()
    {
        IReadOnlyList<(string Key, string Value)> kernel = OperatingSystem.IsLinux() && File.Exists("/proc/cpuinfo")
            ? KernelList(File.ReadLines("/proc/cpuinfo"))
            : [];
        int logical = kernel.Count(entry => entry.Key == "processor");
        bool x86 = X86Base.IsSupported;
        return new CpuInfo(
            x86 ? CpuId.Vendor() : Value(kernel, "CPU implementer") is { } implementer ? ArmVendor(implementer) : null,
            (x86 ? CpuId.Brand() : null) ?? Value(kernel, "model name") ?? DarwinSystem.Text("machdep.cpu.brand_string")
                ?? Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER"),
            RuntimeInformation.ProcessArchitecture.ToString(),
            PhysicalCores(kernel) ?? (int?)DarwinSystem.Number("hw.physicalcpu"),
            logical > 0 ? logical : (int?)DarwinSystem.Number("hw.logicalcpu") ?? Environment.ProcessorCount,
            Environment.ProcessorCount,
            x86 ? CpuId.InstructionSets() : ArmInstructionSets(Value(kernel, "Features")));
    }

    internal static IReadOnlyList<(string Key, string Value)> KernelList(IEnumerable<string> lines) =>
    [
        .. lines.Select(line => line.Split(':', 2))
            .Where(parts => parts.Length == 2)
            .Select(parts => (parts[0].Trim(), parts[1].Trim())),
    ];

    /// <summary>Distinct (package, core) pairs; null where the kernel lists none, as on Arm.</summary>
    internal static int? PhysicalCores(IReadOnlyList<(string Key, string Value)> kernel)
    {
        var cores = new HashSet<(string, string)>();
        string package = "0";
        foreach ((string key, string value) in kernel)
        {
            if (key == "physical id")
                package = value;
            else if (key == "core id")
                cores.Add((package, value));
        }

        return cores.Count > 0 ? cores.Count : null;
    }

    internal static IReadOnlyList<string> ArmInstructionSets(string? features)
    {
        if (features is null)
        {
            // Where no kernel lists them: what the runtime itself uses.
            return [.. new (bool Has, string Name)[]
            {
                (AdvSimd.IsSupported, "NEON"), (Dp.IsSupported, "DOTPROD"),
            }.Where(set => set.Has).Select(set => set.Name)];
        }

        HashSet<string> has = [.. features.Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        (string Feature, string Name)[] known =
        [
            ("asimd", "NEON"), ("asimdhp", "FP16"), ("asimddp", "DOTPROD"), ("i8mm", "I8MM"), ("bf16", "BF16"),
            ("sve", "SVE"), ("sve2", "SVE2"), ("sme", "SME"), ("sme2", "SME2"),
        ];
        return [.. known.Where(set => has.Contains(set.Feature)).Select(set => set.Name)];
    }

    private static string? Value(IReadOnlyList<(string Key, string Value)> kernel, string key) =>
        kernel.FirstOrDefault(entry => entry.Key == key).Value is { Length: > 0 } value ? value : null;

    // MIDR_EL1.Implementer, Arm Architecture Reference Manual.
    private static string ArmVendor(string implementer)
    {
        string digits = implementer.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? implementer[2..] : implementer;
        return int.TryParse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out int code)
            ? code switch
            {
                0x41 => "ARM",
                0x42 => "Broadcom",
                0x43 => "Cavium",
                0x46 => "Fujitsu",
                0x48 => "HiSilicon",
                0x4E => "NVIDIA",
                0x51 => "Qualcomm",
                0x53 => "Samsung",
                0x61 => "Apple",
                0x6D => "Microsoft",
                0xC0 => "Ampere",
                _ => implementer,
            }
            : implementer;
    }
}
