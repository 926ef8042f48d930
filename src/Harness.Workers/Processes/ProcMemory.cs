using System.Globalization;
using System.Runtime.Versioning;

namespace Harness.Workers.Processes;

/// <summary>Resident memory of a process and its descendants, read from /proc.</summary>
[SupportedOSPlatform("linux")]
internal static class ProcMemory
{
    private const int MostDescendants = 1024;

    /// <summary>Resident bytes of one process, or null when it is gone.</summary>
    public static long? Resident(int pid) => Statm(pid)?.Resident;

    /// <summary>
    /// Resident bytes of a process and what its descendants hold beside it: of those only private pages count, since a
    /// mapped file or the pages of a fork are there already.
    /// </summary>
    public static long? ResidentOfTree(int pid)
    {
        if (Statm(pid) is not { } root)
            return null;
        long total = root.Resident;
        Queue<int> parents = new([pid]);
        for (int seen = 0; seen < MostDescendants && parents.TryDequeue(out int parent); seen++)
        {
            foreach (int child in Children(parent))
            {
                if (Statm(child) is { } pages)
                    total += pages.Resident - pages.Shared;
                parents.Enqueue(child);
            }
        }

        return total;
    }

    /// <summary>The kernel's high-water mark of resident memory (VmHWM), or null when it cannot be read.</summary>
    public static long? Peak(int pid)
    {
        try
        {
            foreach (string line in File.ReadLines($"/proc/{pid}/status"))
            {
                if (line.StartsWith("VmHWM:", StringComparison.Ordinal))
                {
                    ReadOnlySpan<char> value = line.AsSpan(6).Trim();
                    value = value[..value.IndexOf(' ')];
                    return long.Parse(value, CultureInfo.InvariantCulture) * 1024;
                }
            }
        }
        catch (IOException)
        {
        }
        catch (UnauthorizedAccessException)
        {
        }

        return null;
    }

    private static (long Resident, long Shared)? Statm(int pid)
    {
        try
        {
            string[] fields = File.ReadAllText($"/proc/{pid}/statm").Split(' ');
            long page = Environment.SystemPageSize;
            return (long.Parse(fields[1], CultureInfo.InvariantCulture) * page,
                long.Parse(fields[2], CultureInfo.InvariantCulture) * page);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or IndexOutOfRangeException)
        {
            return null;
        }
    }

    private static List<int> Children(int pid)
    {
        List<int> children = [];
        try
        {
            foreach (string task in Directory.EnumerateDirectories($"/proc/{pid}/task"))
            {
                string text = File.ReadAllText(Path.Combine(task, "children"));
                foreach (string word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                    children.Add(int.Parse(word, CultureInfo.InvariantCulture));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A task ended meanwhile, or the kernel lists no children: what was found counts.
        }

        return children;
    }
}
