namespace Harness.Workers.Memory;

/// <summary>The cells of llama.cpp's cache: one a position, rounded up, in windowed layers too, since its library keeps whole caches unless told otherwise.</summary>
internal sealed class LlamaCppCells(MemoryRequest request)
{
    private const int Step = 256;
    private const int BlockLength = 32, BlockBytes = 34;

    /// <summary>Cells of a layer.</summary>
    public long Count { get; } = (request.ContextLength + Step - 1L) / Step * Step;

    /// <summary>Tokens of one evaluation.</summary>
    public long Tokens { get; } = Math.Min(request.Batch, request.ContextLength);

    /// <summary>Bytes of a layer's keys and values.</summary>
    public double Bytes(LayerAttention attention) => Count * attention.KeptValues * (request.Cache == CacheFormat.F16
        ? sizeof(ushort)
        : BlockBytes / (double)BlockLength);
}
