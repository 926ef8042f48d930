using System.Globalization;

namespace Harness.Runner.Hardware;

/// <summary>What Linux control groups allow this process (cgroups(7)): the tightest limit from its group up to the root.</summary>
internal static class ControlGroups
{
    // cgroup v1 writes "no limit" as the largest multiple of the page size.
    private const long NoLimit = 1L << 62;

    /// <summary>The limits, or null where there are none.</summary>
    /// <param name="membership">The file that says which groups the process is in, as <c>/proc/self/cgroup</c>.</param>
    /// <param name="root">Where control groups are mounted, as <c>/sys/fs/cgroup</c>.</param>
    public static ResourceLimits? Limits(string membership, string root)
    {
        double? processors = null;
        long? memory = null;
        long? available = null;
        foreach ((string controllers, string path) in Memberships(membership))
        {
            // v2 has one hierarchy with an empty list of controllers; v1 one for each, mounted under its name.
            bool unified = controllers.Length == 0;
            string[] mounts = unified ? [root] : [.. controllers.Split(',').Select(name => Path.Combine(root, name)), Path.Combine(root, controllers)];
            foreach (string mount in mounts.Where(Directory.Exists))
            {
                foreach (string group in Ancestors(mount, path))
                {
                    processors = Tighter(processors, unified ? QuotaV2(group) : QuotaV1(group));
                    if (Number(Path.Combine(group, unified ? "memory.max" : "memory.limit_in_bytes")) is not { } limit)
                        continue;
                    memory = Tighter(memory, limit);
                    available = Tighter(available, Available(group, unified, limit));
                }
            }
        }

        return processors is null && memory is null ? null : new ResourceLimits(processors, memory, available);
    }

    // Cached files count as used memory of a group, but give way.
    private static long? Available(string group, bool unified, long limit)
    {
        if (Number(Path.Combine(group, unified ? "memory.current" : "memory.usage_in_bytes")) is not { } used) return null;
        string name = unified ? "inactive_file " : "total_inactive_file ";
        string? line = Lines(Path.Combine(group, "memory.stat")).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal));
        long cached = line is null ? 0 : Parse(line[name.Length..]) ?? 0;
        return Math.Clamp(limit - used + cached, 0, limit);
    }

    private static IEnumerable<(string Controllers, string Path)> Memberships(string file) =>
        Lines(file).Select(line => line.Split(':', 3)).Where(parts => parts.Length == 3).Select(parts => (parts[1], parts[2]));

    // In a container the path may be that of the host and absent here; the root is then the container's own group.
    private static IEnumerable<string> Ancestors(string mount, string path)
    {
        string[] parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        for (int length = parts.Length; length >= 0; length--)
        {
            string group = Path.Combine([mount, .. parts[..length]]);
            if (Directory.Exists(group))
                yield return group;
        }
    }

    private static double? QuotaV2(string group) =>
        Lines(Path.Combine(group, "cpu.max")).FirstOrDefault()?.Split(' ') is [var quota, var period]
            && Parse(quota) is { } part && Parse(period) is > 0 and { } whole
            ? (double)part / whole
            : null;

    private static double? QuotaV1(string group) =>
        Number(Path.Combine(group, "cpu.cfs_quota_us")) is { } part && Number(Path.Combine(group, "cpu.cfs_period_us")) is > 0 and { } whole
            ? (double)part / whole
            : null;

    private static long? Number(string file) => Lines(file).FirstOrDefault() is { } line ? Parse(line) : null;

    // "max" and "-1" are no limit.
    private static long? Parse(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value) && value is > 0 and < NoLimit ? value : null;

    private static double? Tighter(double? a, double? b) => a is null || b < a ? b ?? a : a;

    private static long? Tighter(long? a, long? b) => a is null || b < a ? b ?? a : a;

    private static string[] Lines(string file)
    {
        try
        {
            return File.Exists(file) ? File.ReadAllLines(file) : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
