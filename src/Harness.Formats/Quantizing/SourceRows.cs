using Harness.Formats.Gguf;
using Microsoft.Win32.SafeHandles;

namespace Harness.Formats.Quantizing;

/// <summary>
/// Reads a model's bytes through file handles of its own, not through the mapping: pages of a mapping stay in the
/// process's memory as long as there is room, which would look like the whole model.
/// </summary>
internal sealed class SourceRows : IDisposable
{
    private readonly SafeFileHandle[] shards;

    /// <summary>Opens the shards of a model.</summary>
    public SourceRows(GgufFile file)
    {
        shards = new SafeFileHandle[file.Paths.Count];
        try
        {
            for (int i = 0; i < shards.Length; i++)
                shards[i] = File.OpenHandle(file.Paths[i], FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Reads rows of a tensor.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <param name="firstRow">The first row.</param>
    /// <param name="destination">Filled to its end: whole rows.</param>
    /// <exception cref="GgufException">The file became shorter.</exception>
    public void Read(GgufTensor tensor, long firstRow, Span<byte> destination)
    {
        long offset = tensor.Offset + (firstRow * tensor.RowBytes);
        while (!destination.IsEmpty)
        {
            int read = RandomAccess.Read(shards[tensor.Shard], destination, offset);
            if (read == 0)
                throw new GgufException($"the file ended inside '{tensor.Name}' while it was read", tensor.Name, "Leave the file alone while it is quantized.");
            destination = destination[read..];
            offset += read;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (SafeFileHandle? shard in shards)
            shard?.Dispose();
    }
}
