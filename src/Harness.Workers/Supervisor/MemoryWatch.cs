using Harness.Workers.Processes;

namespace Harness.Workers;

/// <summary>Follows a worker's resident memory from outside.</summary>
internal sealed class MemoryWatch(IChild child)
{
    /// <summary>How often the peak is read.</summary>
    public static readonly TimeSpan PeakTick = TimeSpan.FromMilliseconds(100);

    /// <summary>How often memory is read where there is a limit on it.</summary>
    public static readonly TimeSpan LimitTick = TimeSpan.FromMilliseconds(20);

    // Descendants are looked for at every fourth look only: it means reading a directory for each process.
    private const int LooksPerTree = 4;

    private TimeSpan lastPeakRead;
    private TimeSpan lastLook;
    private int looks;

    /// <summary>The process's own peak when last read, in bytes; 0 when it never could be.</summary>
    public long Peak { get; private set; }

    /// <summary>Reads the peak if its time has come.</summary>
    public void Tick(TimeSpan now)
    {
        if (now - lastPeakRead >= PeakTick)
            ReadPeak(now);
    }

    /// <summary>Reads the peak, which the kernel keeps for as long as the process has memory at all.</summary>
    public void ReadPeak(TimeSpan now)
    {
        lastPeakRead = now;
        Peak = Math.Max(Peak, child.PeakResidentBytes() ?? 0);
    }

    /// <summary>What the process and its descendants hold, if it is time to look and that is beyond a limit.</summary>
    public long? Beyond(long limit, TimeSpan now)
    {
        if (looks > 0 && now - lastLook < LimitTick)
            return null;
        lastLook = now;
        bool tree = looks++ % LooksPerTree == 0;
        long resident = Math.Max(child.ResidentBytes(tree) ?? 0, Peak);
        return resident > limit ? resident : null;
    }

    /// <summary>The best figure there is at the end.</summary>
    public PeakMemory? Of(ChildStatus status) =>
        status.PeakBytes >= Peak ? new PeakMemory(status.PeakBytes.Value, "rusage")
        : Peak > 0 ? new PeakMemory(Peak, "VmHWM")
        : null;
}
