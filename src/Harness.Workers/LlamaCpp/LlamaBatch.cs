using System.Runtime.InteropServices;

namespace Harness.Workers.LlamaCpp;

/// <summary><c>llama_batch</c> as it has been since October 2024 (before b4600), up to v0.5.0: 56 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct LlamaBatch
{
    public int TokenCount;
    public int* Tokens;
    public float* Embeddings;
    public int* Positions;
    public int* SequenceCounts;
    public int** Sequences;
    public sbyte* Outputs;
}
