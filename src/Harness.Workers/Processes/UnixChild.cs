using System.Collections;
using System.Runtime.Versioning;

namespace Harness.Workers.Processes;

/// <summary>A child on Linux or Darwin. Its id stays taken until it is reaped, so that a kill never hits a stranger.</summary>
[UnsupportedOSPlatform("windows")]
internal sealed unsafe class UnixChild : IChild
{
    private const int ByProcessId = 1;

    // Whether rusage can be believed: see Reap.
    private readonly long? ownPeakAtStart;
    private readonly Lock wakeLock = new();
    private int input, output, errors, wakeRead, wakeWrite;
    private bool ended;

    private UnixChild(int input, int output, int errors)
    {
        (this.input, this.output, this.errors) = (input, output, errors);
        (wakeRead, wakeWrite) = LibC.Pipe();
        LibC.SetNonBlocking(input);
        LibC.SetNonBlocking(output);
        LibC.SetNonBlocking(errors);
        LibC.SetNonBlocking(wakeRead);
        LibC.SetNonBlocking(wakeWrite);
        ownPeakAtStart = OperatingSystem.IsLinux() ? ProcMemory.Peak(Environment.ProcessId) : null;
    }

    public int Id { get; private set; }

    /// <summary>Starts a program. Called on the spawner's thread: the parent's death is that thread's.</summary>
    /// <param name="path">The program's path.</param>
    /// <param name="argv">Its arguments, its own name first.</param>
    /// <param name="environment">All of its environment.</param>
    /// <param name="directory">Where it starts, or null.</param>
    public static UnixChild Start(string path, IEnumerable<string> argv, IDictionary environment, string? directory)
    {
        (int theirInput, int ourInput) = LibC.Pipe();
        (int ourOutput, int theirOutput) = LibC.Pipe();
        (int ourErrors, int theirErrors) = LibC.Pipe();
        UnixChild child = new(ourInput, ourOutput, ourErrors);
        try
        {
            child.Id = PosixSpawn.Start(path, argv, environment, directory, theirInput, theirOutput, theirErrors);
        }
        catch
        {
            child.Dispose();
            throw;
        }
        finally
        {
            _ = LibC.Close(theirInput);
            _ = LibC.Close(theirOutput);
            _ = LibC.Close(theirErrors);
        }

        PreferAsVictim(child.Id);
        return child;
    }

    public ChildActivity Wait(TimeSpan atMost, bool wantsToWrite)
    {
        // poll(2) passes over negative descriptors, which is what a closed pipe is here.
        LibC.PollFd* fds = stackalloc LibC.PollFd[4];
        fds[0] = new LibC.PollFd { Fd = output, Events = LibC.PollIn };
        fds[1] = new LibC.PollFd { Fd = errors, Events = LibC.PollIn };
        fds[2] = new LibC.PollFd { Fd = wakeRead, Events = LibC.PollIn };
        fds[3] = new LibC.PollFd { Fd = wantsToWrite ? input : -1, Events = LibC.PollOut };
        int ready = LibC.Poll(fds, 4, (int)Math.Ceiling(atMost.TotalMilliseconds));
        ChildActivity activity = ChildActivity.None;
        if (ready <= 0)
            return activity;
        if (fds[0].Returned != 0)
            activity |= ChildActivity.Output;
        if (fds[1].Returned != 0)
            activity |= ChildActivity.Errors;
        if (fds[3].Returned != 0)
            activity |= ChildActivity.Writable;
        if (fds[2].Returned != 0)
        {
            Span<byte> ignored = stackalloc byte[64];
            _ = LibC.ReadSome(wakeRead, ignored);
        }

        return activity;
    }

    public void Wake()
    {
        lock (wakeLock)
        {
            if (wakeWrite >= 0)
                _ = LibC.WriteSome(wakeWrite, [1]);
        }
    }

    public int ReadOutput(Span<byte> buffer) => ReadPipe(ref output, buffer);

    public int ReadErrors(Span<byte> buffer) => ReadPipe(ref errors, buffer);

    public int Write(ReadOnlySpan<byte> bytes) => input < 0 ? -1 : LibC.WriteSome(input, bytes);

    public void CloseInput() => CloseEnd(ref input);

    public bool HasEnded()
    {
        if (ended)
            return true;
        bool darwin = OperatingSystem.IsMacOS();
        int options = 4 /* WEXITED */ | 1 /* WNOHANG */ | (darwin ? 0x20 : 0x01000000) /* WNOWAIT */;
        int* info = stackalloc int[64];
        new Span<int>(info, 64).Clear();
        int result = LibC.WaitId(ByProcessId, Id, info, options);
        ended = result == 0 && info[0] != 0;
        return ended;
    }

    public void KillGroup()
    {
        _ = LibC.Kill(-Id, SignalNames.Kill);
        _ = LibC.Kill(Id, SignalNames.Kill);
    }

    public ChildStatus Reap()
    {
        // The leader is a zombie still: its group's id cannot have passed to others.
        _ = LibC.Kill(-Id, SignalNames.Kill);
        int status = 0;
        long* usage = stackalloc long[32];
        int reaped;
        do
            reaped = LibC.Wait4(Id, &status, 0, usage);
        while (reaped < 0 && System.Runtime.InteropServices.Marshal.GetLastPInvokeError() == 4);
        if (reaped != Id)
            return default;

        bool darwin = OperatingSystem.IsMacOS();
        TimeSpan cpu = Time(usage[0], usage[1], darwin) + Time(usage[2], usage[3], darwin);
        long peak = usage[4] * (darwin ? 1 : 1024);

        // Until it calls exec, a spawned child runs in its parent's memory, and Linux takes the parent's peak over into
        // the child's ru_maxrss. Only what lies above the parent's peak at that time is surely the child's own.
        bool own = darwin || (ownPeakAtStart is { } parent && peak > parent + (parent / 16) + (1 << 20));
        int signal = status & 0x7F;
        return new ChildStatus(
            signal == 0 ? (status >> 8) & 0xFF : null, signal == 0 ? null : signal, own ? peak : null, cpu);
    }

    public long? ResidentBytes(bool withDescendants)
    {
        if (!OperatingSystem.IsLinux())
            return null;
        return withDescendants ? ProcMemory.ResidentOfTree(Id) : ProcMemory.Resident(Id);
    }

    public long? PeakResidentBytes() => OperatingSystem.IsLinux() ? ProcMemory.Peak(Id) : null;

    public void Dispose()
    {
        CloseEnd(ref input);
        CloseEnd(ref output);
        CloseEnd(ref errors);
        lock (wakeLock)
        {
            CloseEnd(ref wakeRead);
            CloseEnd(ref wakeWrite);
        }
    }

    private static TimeSpan Time(long seconds, long microseconds, bool darwin) =>
        TimeSpan.FromSeconds(seconds) + TimeSpan.FromMicroseconds(darwin ? (int)microseconds : microseconds);

    private static int ReadPipe(ref int fd, Span<byte> buffer)
    {
        if (fd < 0)
            return 0;
        int count = LibC.ReadSome(fd, buffer);
        if (count == 0)
            CloseEnd(ref fd);
        return count;
    }

    private static void CloseEnd(ref int fd)
    {
        if (fd >= 0)
            _ = LibC.Close(fd);
        fd = -1;
    }

    /// <summary>Where memory runs out, the kernel is to take the worker and not the harness.</summary>
    private static void PreferAsVictim(int pid)
    {
        if (!OperatingSystem.IsLinux())
            return;
        try
        {
            File.WriteAllText($"/proc/{pid}/oom_score_adj", "500");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A preference only.
        }
    }
}
