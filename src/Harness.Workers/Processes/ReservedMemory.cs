using System.Globalization;
using System.Runtime.InteropServices;

namespace Harness.Workers.Processes;

/// <summary>
/// The private memory that this process has reserved, so that what it reserves from now on can be made resident at once.
/// An engine's cache becomes resident position by position; this shows what a full one takes without computing it.
/// </summary>
internal sealed partial class ReservedMemory
{
    // Smaller pieces are the runtime's and the allocator's own, and resident anyway.
    private const ulong Least = 256 << 10;

    private const int PopulateWrite = 23;

    private readonly List<(ulong Start, ulong End)> known;

    private ReservedMemory(List<(ulong Start, ulong End)> known) => this.known = known;

    /// <summary>What is reserved now.</summary>
    /// <exception cref="InferenceException">The system does not tell: only Linux does.</exception>
    public static ReservedMemory Now() => new(Private());

    /// <summary>Makes resident, unchanged, what was reserved since.</summary>
    /// <exception cref="InferenceException">The system refused: no memory is left, or its kernel is older than 5.14.</exception>
    public void TouchWhatCameSince()
    {
        foreach ((ulong start, ulong end) in Private().SelectMany(New))
        {
            if (end - start >= Least && Advise((nuint)start, (nuint)(end - start), PopulateWrite) != 0)
            {
                int error = Marshal.GetLastPInvokeError();
                const int noMemory = 12;
                throw new InferenceException(
                    error == noMemory ? InferenceFailure.OutOfMemory : InferenceFailure.Unsupported,
                    $"reserved memory cannot be made resident: {Marshal.GetPInvokeErrorMessage(error)}");
            }
        }
    }

    /// <summary>The parts of a range that were not there before: neighbours are merged with what was.</summary>
    private IEnumerable<(ulong Start, ulong End)> New((ulong Start, ulong End) range)
    {
        ulong from = range.Start;
        foreach ((ulong start, ulong end) in known)
        {
            if (end <= from || start >= range.End)
                continue;
            if (start > from)
                yield return (from, start);
            from = Math.Max(from, end);
        }

        if (from < range.End)
            yield return (from, range.End);
    }

    // Lines are "start-end rw-p offset device inode path" (proc(5)); memory of no file has inode 0 and no path.
    private static List<(ulong Start, ulong End)> Private()
    {
        if (!OperatingSystem.IsLinux())
            throw new InferenceException(InferenceFailure.Unsupported, "making reserved memory resident needs Linux");
        var ranges = new List<(ulong, ulong)>();
        foreach (string line in File.ReadLines("/proc/self/maps"))
        {
            string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length != 5 || !fields[1].StartsWith("rw-p", StringComparison.Ordinal) || fields[4] != "0")
                continue;
            string[] ends = fields[0].Split('-');
            ranges.Add((ulong.Parse(ends[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture), ulong.Parse(ends[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture)));
        }

        return ranges;
    }

    [LibraryImport("libc", EntryPoint = "madvise", SetLastError = true)]
    private static partial int Advise(nuint start, nuint length, int advice);
}
