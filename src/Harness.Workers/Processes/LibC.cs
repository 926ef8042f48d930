using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Harness.Workers.Processes;

/// <summary>The few C library calls the supervisor and the worker need, as Linux (glibc, musl) and Darwin have them.</summary>
[UnsupportedOSPlatform("windows")]
internal static unsafe partial class LibC
{
    public const short PollIn = 1;
    public const short PollOut = 4;

    private const int Interrupted = 4;
    private static readonly bool Darwin = OperatingSystem.IsMacOS();

    [StructLayout(LayoutKind.Sequential)]
    public struct PollFd
    {
        public int Fd;
        public short Events;
        public short Returned;
    }

    /// <summary>A pipe whose ends no other child inherits.</summary>
    public static (int Read, int Write) Pipe()
    {
        int* ends = stackalloc int[2];
        if (Darwin)
        {
            Check(PipePlain(ends), "pipe");
            _ = Fcntl(ends[0], SetDescriptorFlags, 1);
            _ = Fcntl(ends[1], SetDescriptorFlags, 1);
        }
        else
        {
            const int closeOnExec = 0x80000;
            Check(Pipe2(ends, closeOnExec), "pipe2");
        }

        return (ends[0], ends[1]);
    }

    public static void SetNonBlocking(int fd)
    {
        const int getFlags = 3, setFlags = 4;
        int nonBlocking = Darwin ? 4 : 0x800;
        int flags = Fcntl(fd, getFlags, 0);
        Check(Fcntl(fd, setFlags, flags | nonBlocking), "fcntl");
    }

    /// <summary>A private copy of a descriptor that no child inherits.</summary>
    public static int DuplicatePrivately(int fd)
    {
        int duplicateCloseOnExec = Darwin ? 67 : 1030;
        return Check(Fcntl(fd, duplicateCloseOnExec, 3), "fcntl");
    }

    /// <summary>Reads: the count, 0 at the end, −1 when there is nothing now.</summary>
    public static int ReadSome(int fd, Span<byte> buffer)
    {
        fixed (byte* p = buffer)
        {
            nint n;
            do
                n = Read(fd, p, (nuint)buffer.Length);
            while (n < 0 && Marshal.GetLastPInvokeError() == Interrupted);
            return n >= 0 ? (int)n : WouldBlock() ? -1 : 0;
        }
    }

    /// <summary>Writes: the count, 0 when nothing fits now, −1 when the other end is closed.</summary>
    public static int WriteSome(int fd, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* p = bytes)
        {
            nint n;
            do
                n = Write(fd, p, (nuint)bytes.Length);
            while (n < 0 && Marshal.GetLastPInvokeError() == Interrupted);
            return n >= 0 ? (int)n : WouldBlock() ? 0 : -1;
        }
    }

    public static int Check(int result, string call) => result >= 0
        ? result
        : throw new IOException($"{call}: {Marshal.GetLastPInvokeErrorMessage()}");

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    public static partial int Poll(PollFd* fds, nuint count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int fd);

    [LibraryImport("libc", EntryPoint = "dup2", SetLastError = true)]
    public static partial int Duplicate(int from, int to);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "getppid")]
    public static partial int ParentId();

    [LibraryImport("libc", EntryPoint = "_exit")]
    public static partial void ExitNow(int status);

    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    public static partial int Prctl(int option, nuint a, nuint b, nuint c, nuint d);

    [LibraryImport("libc", EntryPoint = "waitid", SetLastError = true)]
    public static partial int WaitId(int kind, int pid, int* info, int options);

    [LibraryImport("libc", EntryPoint = "wait4", SetLastError = true)]
    public static partial int Wait4(int pid, int* status, int options, long* usage);

    [LibraryImport("libc", EntryPoint = "posix_spawn")]
    public static partial int PosixSpawn(
        int* pid, byte* path, void* fileActions, void* attributes, byte** arguments, byte** environment);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    public static partial int FileActionsInit(void* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
    public static partial int FileActionsDestroy(void* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    public static partial int FileActionsDuplicate(void* actions, int from, int to);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addchdir_np", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int FileActionsChangeDirectory(void* actions, string path);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_init")]
    public static partial int AttributesInit(void* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_destroy")]
    public static partial int AttributesDestroy(void* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
    public static partial int AttributesSetFlags(void* attributes, short flags);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigmask")]
    public static partial int AttributesSetSignalMask(void* attributes, void* set);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigdefault")]
    public static partial int AttributesSetSignalDefault(void* attributes, void* set);

    [LibraryImport("libc", EntryPoint = "sigemptyset")]
    public static partial int SignalsNone(void* set);

    [LibraryImport("libc", EntryPoint = "sigfillset")]
    public static partial int SignalsAll(void* set);

    private const int SetDescriptorFlags = 2;

    private static bool WouldBlock() => Marshal.GetLastPInvokeError() == (Darwin ? 35 : 11);

    private static int Fcntl(int fd, int command, nint argument) => Darwin && RuntimeInformation.ProcessArchitecture == Architecture.Arm64
        ? FcntlStack(fd, command, 0, 0, 0, 0, 0, 0, argument)
        : FcntlPlain(fd, command, argument);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int FcntlPlain(int fd, int command, nint argument);

    // Apple's Arm64 convention passes variadic arguments on the stack: the fillers use up the registers.
    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int FcntlStack(
        int fd, int command, nint r2, nint r3, nint r4, nint r5, nint r6, nint r7, nint argument);

    [LibraryImport("libc", EntryPoint = "pipe2", SetLastError = true)]
    private static partial int Pipe2(int* ends, int flags);

    [LibraryImport("libc", EntryPoint = "pipe", SetLastError = true)]
    private static partial int PipePlain(int* ends);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(int fd, byte* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(int fd, byte* buffer, nuint count);
}
