using System.Collections.Immutable;
using Harness.Formats.Tensors;

namespace Harness.Formats.Gguf;

/// <summary>A tensor a writer was told of.</summary>
internal sealed record GgufPendingTensor(
    string Name, uint Type, ImmutableArray<long> Shape, TensorLayoutInfo Layout, GgufTensorFill Fill)
{
    public long RowBytes => checked(Shape[0] / Layout.BlockLength * Layout.BlockBytes);

    public long RowCount => Shape.Skip(1).Aggregate(1L, (product, length) => checked(product * length));

    public long ByteLength => checked(RowBytes * RowCount);
}

/// <summary>A file laid out: its header's bytes, and where everything after it comes.</summary>
internal sealed class GgufPlan(byte[] header, IReadOnlyList<GgufPendingTensor> tensors, long[] offsets, int alignment)
{
    // Large enough that a write costs more than asking for it, small enough that a few threads' buffers are nothing.
    private const int ChunkBytes = 4 << 20;

    /// <summary>The header, padding included.</summary>
    public byte[] Header { get; } = header;

    /// <summary>Bytes of the whole file. The last tensor is padded too, as llama.cpp's writer does.</summary>
    public long FileLength => tensors.Count == 0
        ? Header.Length
        : Header.Length + AlignUp(offsets[^1] + tensors[^1].ByteLength, alignment);

    /// <summary>Some whole rows of a tensor, and the padding after them where they are its last.</summary>
    public readonly record struct Chunk(int Tensor, long FirstRow, int RowBytes, int Length, long Position);

    /// <summary>The pieces of the file after its header, in its order, with no gap.</summary>
    public IEnumerable<Chunk> Chunks()
    {
        for (int i = 0; i < tensors.Count; i++)
        {
            GgufPendingTensor tensor = tensors[i];
            long rowBytes = tensor.RowBytes;
            long rowCount = tensor.RowCount;
            long position = Header.Length + offsets[i];
            long rowsPerChunk = Math.Max(1, ChunkBytes / rowBytes);
            for (long row = 0; row < rowCount; row += rowsPerChunk)
            {
                long bytes = Math.Min(rowsPerChunk, rowCount - row) * rowBytes;
                bool last = row + rowsPerChunk >= rowCount;
                long start = position + (row * rowBytes);
                long padded = last ? AlignUp(start + bytes - Header.Length, alignment) + Header.Length - start : bytes;
                yield return new Chunk(i, row, checked((int)bytes), checked((int)padded), start);
            }
        }
    }

    /// <summary>Makes a chunk's bytes.</summary>
    public void Fill(Chunk chunk, Span<byte> destination)
    {
        tensors[chunk.Tensor].Fill(chunk.FirstRow, destination[..chunk.RowBytes]);
        destination[chunk.RowBytes..].Clear();
    }

    public static long AlignUp(long value, int alignment) => checked(value + alignment - 1) & -(long)alignment;
}
