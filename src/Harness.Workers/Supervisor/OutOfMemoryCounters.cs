using System.Globalization;

namespace Harness.Workers;

/// <summary>
/// The kernel's counts of processes it killed for memory: of our cgroup (version 2: memory.events; version 1:
/// memory.oom_control) and of the whole machine (/proc/vmstat). A worker's end looks the same whoever sent SIGKILL;
/// these tell the difference as far as it can be told.
/// </summary>
/// <param name="Counts">Counters by the file they stand in; empty where none can be read.</param>
internal sealed record OutOfMemoryCounters(IReadOnlyDictionary<string, long> Counts)
{
    /// <summary>Reads what can be read.</summary>
    public static OutOfMemoryCounters Read()
    {
        Dictionary<string, long> counts = [];
        if (OperatingSystem.IsLinux())
        {
            foreach (string file in Files())
            {
                if (Count(file) is { } count)
                    counts[file] = count;
            }
        }

        return new OutOfMemoryCounters(counts);
    }

    /// <summary>Judges a SIGKILL nobody here sent.</summary>
    /// <param name="before">The counters when the worker started.</param>
    /// <returns>Whether memory is the likely reason, and the sentence that says why.</returns>
    public (bool Likely, string Why) Judge(OutOfMemoryCounters before)
    {
        if (Counts.Count == 0)
            return (true, "killed by a SIGKILL the harness did not send; no out-of-memory counter can be read here");
        foreach ((string file, long count) in Counts)
        {
            long rise = count - before.Counts.GetValueOrDefault(file, count);
            if (rise > 0)
            {
                return (true, string.Create(
                    CultureInfo.InvariantCulture,
                    $"killed by a SIGKILL the harness did not send, and oom_kill in {file} rose by {rise} meanwhile"));
            }
        }

        return (false, "killed by a SIGKILL the harness did not send; oom_kill in "
            + $"{string.Join(" and ", Counts.Keys)} did not rise, so another process sent it");
    }

    private static IEnumerable<string> Files()
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines("/proc/self/cgroup");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            lines = [];
        }

        foreach (string line in lines)
        {
            string[] parts = line.Split(':', 3);
            if (parts.Length < 3)
                continue;
            if (parts[0] == "0" && parts[1].Length == 0)
                yield return $"/sys/fs/cgroup{parts[2].TrimEnd('/')}/memory.events";
            else if (parts[1].Split(',').Contains("memory"))
                yield return $"/sys/fs/cgroup/memory{parts[2].TrimEnd('/')}/memory.oom_control";
        }

        yield return "/proc/vmstat";
    }

    private static long? Count(string file)
    {
        try
        {
            foreach (string line in File.ReadLines(file))
            {
                if (line.StartsWith("oom_kill ", StringComparison.Ordinal))
                    return long.Parse(line.AsSpan(9), CultureInfo.InvariantCulture);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A file this system does not have.
        }

        return null;
    }
}
