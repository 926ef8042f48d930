using System.Runtime.InteropServices;

namespace Harness.Workers.LlamaCpp;

/// <summary>
/// Stands for <c>llama_model_params</c>, <c>llama_context_params</c>: 512 bytes, more than any release uses
/// (72 to 136 bytes from b4600 to v0.5.0), passed and returned by value.
/// </summary>
/// <remarks>
/// A by-value struct this large is memory on every ABI in question: returned through a pointer, passed on the stack
/// (System V x86-64) or by pointer (Windows x64, AAPCS64). A callee with a smaller struct reads a prefix of ours, so
/// one type serves every release.
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ParameterBlob
{
    /// <summary>Size in bytes.</summary>
    public const int Size = 512;

    private fixed ulong _words[Size / sizeof(ulong)];

    /// <summary>Reads the int32 at a byte offset.</summary>
    public int Int32(int offset)
    {
        fixed (ulong* words = _words)
            return *(int*)((byte*)words + Checked(offset, sizeof(int)));
    }

    /// <summary>Writes the int32 at a byte offset.</summary>
    public void SetInt32(int offset, int value)
    {
        fixed (ulong* words = _words)
            *(int*)((byte*)words + Checked(offset, sizeof(int))) = value;
    }

    /// <summary>Reads the pointer at a byte offset.</summary>
    public nint Pointer(int offset)
    {
        fixed (ulong* words = _words)
            return *(nint*)((byte*)words + Checked(offset, sizeof(nint)));
    }

    /// <summary>Writes the pointer at a byte offset.</summary>
    public void SetPointer(int offset, nint value)
    {
        fixed (ulong* words = _words)
            *(nint*)((byte*)words + Checked(offset, sizeof(nint))) = value;
    }

    private static int Checked(int offset, int size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Size - size);
        return offset;
    }
}
