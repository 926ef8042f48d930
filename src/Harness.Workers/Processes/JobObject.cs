using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Harness.Workers.Processes;

/// <summary>A Windows job whose processes end when its last handle closes: with the harness, however that ends.</summary>
[SupportedOSPlatform("windows")]
internal sealed partial class JobObject : IDisposable
{
    private const int ExtendedLimitInformation = 9;
    private const int KillOnClose = 0x2000;
    private readonly nint handle;

    public unsafe JobObject()
    {
        handle = CreateJobObjectW(0, 0);
        if (handle == 0)
            throw new System.ComponentModel.Win32Exception();

        // JOBOBJECT_EXTENDED_LIMIT_INFORMATION: 144 bytes on 64-bit systems, LimitFlags at 16.
        byte* information = stackalloc byte[144];
        new Span<byte>(information, 144).Clear();
        *(int*)(information + 16) = KillOnClose;
        if (!SetInformationJobObject(handle, ExtendedLimitInformation, information, 144))
            throw new System.ComponentModel.Win32Exception();
    }

    public void Add(SafeHandle process)
    {
        if (!AssignProcessToJobObject(handle, process))
            throw new System.ComponentModel.Win32Exception();
    }

    public void Terminate() => TerminateJobObject(handle, 1);

    public void Dispose() => CloseHandle(handle);

    [LibraryImport("kernel32", SetLastError = true)]
    private static partial nint CreateJobObjectW(nint security, nint name);

    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static unsafe partial bool SetInformationJobObject(nint job, int kind, void* information, int length);

    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool AssignProcessToJobObject(nint job, SafeHandle process);

    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool TerminateJobObject(nint job, uint status);

    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool CloseHandle(nint handle);
}
