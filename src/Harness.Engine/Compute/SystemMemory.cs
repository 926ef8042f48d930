using System.Runtime.InteropServices;

namespace Harness.Engine.Compute;

/// <summary>Advice to the system about memory. Only Linux is given any; elsewhere nothing happens, and nothing is lost.</summary>
internal static unsafe partial class SystemMemory
{
    /// <summary>The largest page that a file's contents come in, where pages are of 4 KiB.</summary>
    public const int LargePage = 2 << 20;

    // madvise(2); the numbers are the same on all of Linux's architectures that .NET runs on.
    private const int DontNeed = 4;
    private const int HugePage = 14;

    /// <summary>Makes pages large where the system has such, so that reading straight through misses fewer of their addresses.</summary>
    public static void PreferLargePages(byte* start, long bytes) => Advise(start, bytes, HugePage);

    /// <summary>Gives back the pages of a mapped file that lie wholly in a range; reading them again brings them back.</summary>
    public static void Forget(byte* start, long bytes) => Advise(start, bytes, DontNeed);

    private static void Advise(byte* start, long bytes, int advice)
    {
        if (!OperatingSystem.IsLinux())
            return;
        nuint page = (nuint)Environment.SystemPageSize;
        nuint first = ((nuint)start + page - 1) & ~(page - 1);
        nuint end = ((nuint)start + (nuint)bytes) & ~(page - 1);

        // Advice that is not taken changes nothing but speed or memory.
        if (first < end)
            _ = Madvise((void*)first, end - first, advice);
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Madvise(void* address, nuint length, int advice);
}
