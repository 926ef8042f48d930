using System.Runtime.InteropServices;

namespace Harness.Dummies;

/// <summary>What a program does to itself through the C library.</summary>
internal static unsafe partial class Native
{
    /// <summary>Writes through a null pointer in native code, where no runtime turns it into an exception.</summary>
    public static void SegmentationFault()
    {
        // The runtime handles SIGSEGV of managed code; the default disposition makes it end the process as in C.
        Signal(11, 0);
        MemSet((void*)8, 0, 1);
    }

    [LibraryImport("libc", EntryPoint = "abort")]
    public static partial void Abort();

    [LibraryImport("libc", EntryPoint = "_exit")]
    public static partial void ExitNow(int status);

    [LibraryImport("libc", EntryPoint = "kill")]
    public static partial int Kill(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "printf", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Print(string text);

    [LibraryImport("libc", EntryPoint = "fflush")]
    public static partial int Flush(nint stream);

    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int fd);

    [LibraryImport("libc", EntryPoint = "signal")]
    private static partial nint Signal(int number, nint handler);

    [LibraryImport("libc", EntryPoint = "memset")]
    private static partial void* MemSet(void* to, int value, nuint count);
}
