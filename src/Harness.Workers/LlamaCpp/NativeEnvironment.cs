using System.Runtime.InteropServices;

namespace Harness.Workers.LlamaCpp;

/// <summary>The C library's environment, which .NET's own copy does not reach on Unix.</summary>
internal static unsafe class NativeEnvironment
{
    /// <summary>Sets a variable unless the user set it.</summary>
    /// <remarks>
    /// ggml's abort starts a debugger on the process where one is installed: seconds of delay, and pages on standard
    /// output. The assertion it prints first is the message a receipt needs.
    /// </remarks>
    public static void Set(string name, string value)
    {
        if (OperatingSystem.IsWindows()
            || !NativeLibrary.TryGetExport(NativeLibrary.GetMainProgramHandle(), "setenv", out nint address))
        {
            return;
        }

        var setenv = (delegate* unmanaged<byte*, byte*, int, int>)address;
        fixed (byte* key = NativeText.Terminated(name), text = NativeText.Terminated(value))
            setenv(key, text, 0);
    }
}
