using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Text;

namespace Harness.Workers.Builtin;

/// <summary>The name of this machine's processor, as it gives it itself.</summary>
internal static class ProcessorName
{
    /// <summary>Reads the name.</summary>
    /// <returns>For instance <c>AMD EPYC 9754</c>; the architecture alone where the system tells no more.</returns>
    public static string Read() =>
        Clean(FromCpuId()) ?? Clean(FromProc()) ?? $"{RuntimeInformation.ProcessArchitecture} processor";

    // The brand string of x86 processors: three leaves of 16 characters each.
    private static unsafe string? FromCpuId()
    {
        const int FirstLeaf = unchecked((int)0x80000002);
        if (!X86Base.IsSupported || (uint)X86Base.CpuId(unchecked((int)0x80000000), 0).Eax < 0x80000004)
            return null;

        int* registers = stackalloc int[12];
        for (int leaf = 0; leaf < 3; leaf++)
        {
            (registers[4 * leaf], registers[(4 * leaf) + 1], registers[(4 * leaf) + 2], registers[(4 * leaf) + 3]) =
                X86Base.CpuId(FirstLeaf + leaf, 0);
        }

        return Encoding.ASCII.GetString((byte*)registers, 48);
    }

    private static string? FromProc()
    {
        if (!OperatingSystem.IsLinux())
            return null;

        try
        {
            foreach (string line in File.ReadLines("/proc/cpuinfo"))
            {
                if (line.StartsWith("model name", StringComparison.Ordinal) || line.StartsWith("Model", StringComparison.Ordinal))
                    return line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..];
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A system that hides it; the architecture's name will do.
        }

        return null;
    }

    private static string? Clean(string? name)
    {
        string clean = string.Join(' ', (name ?? string.Empty).Replace('\0', ' ').Split(' ', StringSplitOptions.RemoveEmptyEntries));
        return clean.Length == 0 ? null : clean;
    }
}
