using System.Text.RegularExpressions;

namespace Harness.Workers.LlamaCpp;

/// <summary>The instruction set the loaded CPU back end was compiled for and chose.</summary>
internal static partial class InstructionSets
{
    // Best first; the first that is on names the set.
    private static readonly (string Flag, string Name)[] Order =
    [
        ("AMX_INT8", "AMX-INT8"),
        ("AVX512_VNNI", "AVX512-VNNI"),
        ("AVX512", "AVX512"),
        ("AVX_VNNI", "AVX-VNNI"),
        ("AVX2", "AVX2"),
        ("AVX", "AVX"),
        ("SSSE3", "SSSE3"),
        ("SSE3", "SSE3"),
        ("SME", "SME"),
        ("MATMUL_INT8", "I8MM"),
        ("SVE", "SVE"),
        ("DOTPROD", "DOTPROD"),
        ("NEON", "NEON"),
        ("RISCV_V", "RVV"),
        ("VSX", "VSX"),
    ];

    /// <summary>The set, with the variant of the CPU library in parentheses, as <c>AVX512-VNNI (zen4)</c>; or null.</summary>
    /// <param name="systemInfo">What <c>llama_print_system_info</c> returns: <c>CPU : SSE3 = 1 | AVX = 1 | …</c></param>
    /// <param name="cpuLibrary">File name of the CPU library loaded, if one was.</param>
    public static string? Describe(string systemInfo, string? cpuLibrary)
    {
        HashSet<string> on = [.. Flags().Matches(systemInfo).Select(match => match.Groups[1].Value)];
        string? name = Order.FirstOrDefault(entry => on.Contains(entry.Flag)).Name;
        string? variant = cpuLibrary is null ? null : Variant().Match(cpuLibrary) is { Success: true } match ? match.Groups[1].Value : null;
        return (name, variant) switch
        {
            (null, null) => null,
            (null, _) => variant,
            (_, null) => name,
            _ => $"{name} ({variant})",
        };
    }

    [GeneratedRegex(@"\b([A-Z0-9_]+) = 1\b", RegexOptions.CultureInvariant)]
    private static partial Regex Flags();

    [GeneratedRegex(@"ggml-cpu-([A-Za-z0-9_.]+?)\.(so|dylib|dll)$", RegexOptions.CultureInvariant)]
    private static partial Regex Variant();
}
