using System.Runtime.InteropServices;

namespace Harness.Workers.Tests;

/// <summary>Sends signals from outside, as another process would.</summary>
internal static partial class Signals
{
    public static void Kill(int pid) => _ = Send(pid, 9);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Send(int pid, int signal);
}
