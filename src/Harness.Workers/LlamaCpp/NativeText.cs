using System.Runtime.InteropServices;
using System.Text;

namespace Harness.Workers.LlamaCpp;

/// <summary>C strings, which llama.cpp takes and gives as UTF-8 on every platform.</summary>
internal static unsafe class NativeText
{
    /// <summary>Reads a C string; null is the empty text.</summary>
    public static string Read(byte* text) =>
        text is null ? "" : Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text));

    /// <summary>The bytes of a text with the terminating zero.</summary>
    public static byte[] Terminated(string text)
    {
        byte[] bytes = new byte[Encoding.UTF8.GetByteCount(text) + 1];
        Encoding.UTF8.GetBytes(text, bytes);
        return bytes;
    }
}
