namespace Harness.Workers.Processes;

/// <summary>
/// Sees to it that a worker does not outlive the harness on Linux, whatever the worker is stuck in: the kernel sends
/// SIGKILL when its parent is gone. Elsewhere the end of stdin, or the job object, has to do.
/// </summary>
internal sealed class ParentDeath
{
    /// <summary>The variable that carries the harness's process id.</summary>
    public const string Variable = "HARNESS_PARENT_PID";

    // The signal comes only for a parent that dies after it was armed: whoever arms it looks afterwards.
    private const string LookAgain = $"[ \"$PPID\" = \"${Variable}\" ] && exec \"$@\"";

    private readonly string? setpriv = OperatingSystem.IsLinux() ? FindSetpriv() : null;
    private readonly string? shell = OperatingSystem.IsLinux() ? ProgramSearch.Find("sh") : null;

    /// <summary>Arms the signal for a program that does not do it itself, by util-linux's setpriv where it exists.</summary>
    /// <param name="program">The program's path.</param>
    /// <param name="argv">Its arguments, its own name first.</param>
    /// <returns>What to start instead; it becomes the program, in the same process.</returns>
    public (string Program, string[] Argv) Wrap(string program, string[] argv)
    {
        if (setpriv is null)
            return (program, argv);
        string[] armed = ["setpriv", "--pdeathsig", "KILL", "--"];
        return shell is null
            ? (setpriv, [.. armed, program, .. argv[1..]])
            : (setpriv, [.. armed, shell, "-c", LookAgain, "sh", program, .. argv[1..]]);
    }

    /// <summary>Arms the signal for this process, a worker.</summary>
    public static void Follow()
    {
        if (!OperatingSystem.IsLinux())
            return;
        const int setParentDeathSignal = 1;
        _ = LibC.Prctl(setParentDeathSignal, SignalNames.Kill, 0, 0, 0);
        if (int.TryParse(Environment.GetEnvironmentVariable(Variable), out int parent) && LibC.ParentId() != parent)
            LibC.ExitNow(0);
    }

    /// <summary>BusyBox has a setpriv too; it does not know this option.</summary>
    private static string? FindSetpriv()
    {
        if (ProgramSearch.Find("setpriv") is not { } path)
            return null;
        string target = new FileInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.Name ?? "";
        return target.Contains("busybox", StringComparison.OrdinalIgnoreCase) ? null : path;
    }
}
