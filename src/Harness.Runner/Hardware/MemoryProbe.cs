using System.Globalization;

namespace Harness.Runner.Hardware;

/// <summary>The machine's memory.</summary>
internal static class MemoryProbe
{
    public static MemoryInfo Look()
    {
        if (OperatingSystem.IsLinux() && File.Exists("/proc/meminfo") && Parse(File.ReadLines("/proc/meminfo")) is { } read)
            return read;
        // The collector's own view: all of the machine, or what a job object or container leaves of it.
        GCMemoryInfo collector = GC.GetGCMemoryInfo();
        long total = DarwinSystem.Number("hw.memsize") ?? collector.TotalAvailableMemoryBytes;
        return new MemoryInfo(total, collector.MemoryLoadBytes > 0 ? Math.Max(0, total - collector.MemoryLoadBytes) : null);
    }

    /// <summary>Reads <c>MemTotal</c> and <c>MemAvailable</c> of /proc/meminfo (proc(5)), which are in KiB.</summary>
    internal static MemoryInfo? Parse(IEnumerable<string> lines)
    {
        long? total = null, available = null;
        foreach (string line in lines)
        {
            string[] words = line.Split([' ', ':'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 2 || !long.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out long kibibytes)
                || kibibytes > long.MaxValue / 1024)
            {
                continue;
            }

            if (words[0] == "MemTotal")
                total = kibibytes * 1024;
            else if (words[0] == "MemAvailable")
                available = kibibytes * 1024;
        }

        return total is { } all ? new MemoryInfo(all, available) : null;
    }
}
