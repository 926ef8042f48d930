using System.Collections;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;

namespace Harness.Workers.Processes;

/// <summary>
/// Starts a process through posix_spawn(3), in a session of its own, with the signal mask and dispositions a program
/// expects. <see cref="System.Diagnostics.Process"/> would reap the child itself and report 139 both for SIGSEGV and
/// for <c>exit(139)</c>; of a child it does not know, the runtime keeps its hands off.
/// </summary>
[UnsupportedOSPlatform("windows")]
internal static unsafe class PosixSpawn
{
    private const int SetSignalDefault = 0x04;
    private const int SetSignalMask = 0x08;

    // Both structures are at most 336 bytes on glibc and musl, and a pointer on Darwin; a signal set is at most 128.
    private const int StructureBytes = 1024;

    /// <summary>Starts a program; the caller closes its own copies of the descriptors.</summary>
    /// <returns>The process id, which is also the id of its group.</returns>
    /// <exception cref="IOException">The system refused, with its reason.</exception>
    public static int Start(string path, IEnumerable<string> argv, IDictionary environment, string? directory,
        int standardInput, int standardOutput, int standardError)
    {
        byte* memory = (byte*)NativeMemory.AllocZeroed(3 * StructureBytes);
        byte** arguments = null;
        byte** variables = null;
        void* actions = memory;
        void* attributes = memory + StructureBytes;
        void* signals = memory + (2 * StructureBytes);
        byte* program = (byte*)Marshal.StringToCoTaskMemUTF8(path);
        try
        {
            arguments = Strings([.. argv]);
            variables = Strings(Variables(environment));
            Demand(LibC.FileActionsInit(actions), "posix_spawn_file_actions_init");
            Demand(LibC.FileActionsDuplicate(actions, standardInput, 0), "posix_spawn_file_actions_adddup2");
            Demand(LibC.FileActionsDuplicate(actions, standardOutput, 1), "posix_spawn_file_actions_adddup2");
            Demand(LibC.FileActionsDuplicate(actions, standardError, 2), "posix_spawn_file_actions_adddup2");
            if (directory is not null)
                Demand(LibC.FileActionsChangeDirectory(actions, directory), "posix_spawn_file_actions_addchdir_np");

            bool darwin = OperatingSystem.IsMacOS();
            int ownSession = darwin ? 0x400 : 0x80;
            int closeOthers = darwin ? 0x4000 : 0;
            Demand(LibC.AttributesInit(attributes), "posix_spawnattr_init");
            Demand(
                LibC.AttributesSetFlags(
                    attributes, (short)(SetSignalDefault | SetSignalMask | ownSession | closeOthers)),
                "posix_spawnattr_setflags");
            _ = LibC.SignalsNone(signals);
            Demand(LibC.AttributesSetSignalMask(attributes, signals), "posix_spawnattr_setsigmask");
            _ = LibC.SignalsAll(signals);
            Demand(LibC.AttributesSetSignalDefault(attributes, signals), "posix_spawnattr_setsigdefault");

            int pid;
            Demand(LibC.PosixSpawn(&pid, program, actions, attributes, arguments, variables), "posix_spawn");
            return pid;
        }
        finally
        {
            _ = LibC.FileActionsDestroy(actions);
            _ = LibC.AttributesDestroy(attributes);
            Free(arguments);
            Free(variables);
            Marshal.FreeCoTaskMem((nint)program);
            NativeMemory.Free(memory);
        }
    }

    private static void Demand(int error, string call)
    {
        if (error != 0)
            throw new IOException($"{call}: {Marshal.GetPInvokeErrorMessage(error)}");
    }

    private static string[] Variables(IDictionary environment)
    {
        List<string> lines = new(environment.Count);
        foreach (DictionaryEntry entry in environment)
            lines.Add($"{entry.Key}={entry.Value}");
        return [.. lines];
    }

    private static byte** Strings(string[] values)
    {
        byte** block = (byte**)NativeMemory.AllocZeroed((nuint)(values.Length + 1), (nuint)sizeof(byte*));
        for (int i = 0; i < values.Length; i++)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(values[i]);
            block[i] = (byte*)NativeMemory.AllocZeroed((nuint)bytes.Length + 1);
            bytes.CopyTo(new Span<byte>(block[i], bytes.Length));
        }

        return block;
    }

    private static void Free(byte** block)
    {
        if (block is null)
            return;
        for (byte** at = block; *at is not null; at++)
            NativeMemory.Free(*at);
        NativeMemory.Free(block);
    }
}
