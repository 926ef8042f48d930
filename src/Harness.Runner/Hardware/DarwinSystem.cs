using System.Runtime.InteropServices;
using System.Text;

namespace Harness.Runner.Hardware;

/// <summary>macOS' <c>sysctlbyname</c>. Unverified: not run.</summary>
internal static unsafe class DarwinSystem
{
    /// <summary>A text, or null elsewhere than on macOS and for unknown names.</summary>
    public static string? Text(string name) =>
        Value(name) is { } bytes ? Encoding.UTF8.GetString(bytes).TrimEnd('\0').Trim() : null;

    /// <summary>A whole number, or null elsewhere than on macOS and for unknown names.</summary>
    public static long? Number(string name) => Value(name) switch
    {
        { Length: 4 } bytes => BitConverter.ToInt32(bytes),
        { Length: 8 } bytes => BitConverter.ToInt64(bytes),
        _ => null,
    };

    private static byte[]? Value(string name)
    {
        if (!OperatingSystem.IsMacOS()
            || !NativeLibrary.TryGetExport(NativeLibrary.GetMainProgramHandle(), "sysctlbyname", out nint address))
        {
            return null;
        }

        var sysctl = (delegate* unmanaged<byte*, byte*, nuint*, void*, nuint, int>)address;
        byte[] key = [.. Encoding.ASCII.GetBytes(name), 0];
        byte[] buffer = new byte[256];
        nuint length = (nuint)buffer.Length;
        fixed (byte* keyPointer = key, value = buffer)
            return sysctl(keyPointer, value, &length, null, 0) == 0 ? buffer[..(int)length] : null;
    }
}
