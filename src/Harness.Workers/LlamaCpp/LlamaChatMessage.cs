using System.Runtime.InteropServices;

namespace Harness.Workers.LlamaCpp;

/// <summary><c>struct llama_chat_message</c>: two C strings.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct LlamaChatMessage
{
    public byte* Role;
    public byte* Content;
}
