using System.Globalization;

namespace Harness.Workers.Tests;

/// <summary>Looks into /proc for what the tests may have left behind.</summary>
internal static class Processes
{
    /// <summary>All children of this process and theirs, zombies included, as "pid state name".</summary>
    public static IReadOnlyList<string> DescendantsOfThisOne()
    {
        if (!OperatingSystem.IsLinux())
            return [];
        List<(int Pid, int Parent, string Text)> all = [];
        foreach (string directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory), out int pid) && Stat(pid) is { } stat)
                all.Add((pid, stat.Parent, $"{pid} {stat.State} {stat.Name}"));
        }

        List<string> found = [];
        Queue<int> parents = new([Environment.ProcessId]);
        while (parents.TryDequeue(out int parent))
        {
            foreach ((int pid, _, string text) in all.Where(p => p.Parent == parent))
            {
                found.Add(text);
                parents.Enqueue(pid);
            }
        }

        return found;
    }

    /// <summary>Whether a process exists and is no zombie.</summary>
    public static bool IsRunning(int pid) => Stat(pid) is { State: not 'Z' };

    private static (string Name, char State, int Parent)? Stat(int pid)
    {
        try
        {
            string text = File.ReadAllText($"/proc/{pid}/stat");
            int close = text.LastIndexOf(')');
            string[] rest = text[(close + 2)..].Split(' ');
            return (text[(text.IndexOf('(') + 1)..close], rest[0][0], int.Parse(rest[1], CultureInfo.InvariantCulture));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
