using System.Buffers;
using Harness.Formats.Gguf;
using Harness.Formats.Tensors;

namespace Harness.Formats.Quantizing;

/// <summary>Makes the rows of one tensor in its new type: read, decoded, checked, encoded; or read and checked alone.</summary>
/// <param name="tensor">The tensor in the source.</param>
/// <param name="type">Its new type; null to copy it.</param>
/// <param name="source">Reads its rows.</param>
/// <param name="importance">What an error in each column counts, of stacked matrices one after the other; null for no weighing.</param>
internal sealed class TensorRecoder(GgufTensor tensor, TensorType? type, SourceRows source, float[]? importance)
{
    // Enough values to fill the encoders' registers, few enough to stay in the second-level cache.
    private const int BatchValues = 32 * 1024;

    private readonly TensorFormat? decoder = tensor.Type is { } from && TensorFormats.TryGet(from, out TensorFormat? known) ? known : null;
    private readonly TensorFormat? encoder = type is { } to && TensorFormats.TryGet(to, out TensorFormat? target) ? target : null;

    /// <summary>Makes rows.</summary>
    /// <param name="firstRow">The first row.</param>
    /// <param name="rows">Filled to its end: whole rows of the new type.</param>
    public void Fill(long firstRow, Span<byte> rows)
    {
        if (encoder is null)
        {
            source.Read(tensor, firstRow, rows);
            if (decoder is { BlockLength: 1 }) CheckCopied(firstRow, rows);
            return;
        }

        int rowLength = checked((int)tensor.RowLength), toBytes = rowLength / encoder.BlockLength * encoder.BlockBytes;
        int batch = (int)Math.Min(rows.Length / toBytes, Math.Max(1, BatchValues / rowLength));
        float[] values = ArrayPool<float>.Shared.Rent(batch * rowLength);
        byte[] bytes = ArrayPool<byte>.Shared.Rent(checked((int)(batch * tensor.RowBytes)));
        try
        {
            for (; !rows.IsEmpty; firstRow += batch)
            {
                batch = Math.Min(batch, rows.Length / toBytes);
                Span<byte> stored = bytes.AsSpan(0, (int)(batch * tensor.RowBytes));
                Span<float> decoded = values.AsSpan(0, batch * rowLength);
                source.Read(tensor, firstRow, stored);
                decoder!.Decode(stored, decoded);
                bool large = FiniteValues.Check(decoded, rowLength, tensor.Name, firstRow);
                Span<byte> encoded = rows[..(batch * toBytes)];
                Encode(decoded, encoded, firstRow, rowLength, toBytes);
                if (large) FiniteValues.CheckEncoded(encoder, encoded, rowLength, tensor.Name, firstRow);
                rows = rows[encoded.Length..];
            }
        }
        finally
        {
            ArrayPool<float>.Shared.Return(values);
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    private void Encode(ReadOnlySpan<float> values, Span<byte> encoded, long firstRow, int rowLength, int toBytes)
    {
        if (importance is null || encoder!.EncodeWeighted is not { } weighted)
        {
            encoder!.Encode!(values, encoded);
            return;
        }

        for (; !values.IsEmpty; firstRow++)
        {
            // Each of stacked matrices has importances of its own; those of another length (of an embedding) do not fit.
            long rowsOfMatrix = tensor.Shape.Length > 1 ? tensor.Shape[1] : 1;
            long start = firstRow / rowsOfMatrix * rowLength;
            if (start + rowLength <= importance.Length && Fits(rowLength))
                weighted(values[..rowLength], importance.AsSpan((int)start, rowLength), encoded[..toBytes]);
            else
                encoder.Encode!(values[..rowLength], encoded[..toBytes]);
            values = values[rowLength..];
            encoded = encoded[toBytes..];
        }
    }

    private bool Fits(int rowLength) => importance!.Length == rowLength * (tensor.Shape.Length > 2 ? tensor.Shape[2] : 1);

    private void CheckCopied(long firstRow, ReadOnlySpan<byte> rows)
    {
        int rowLength = checked((int)tensor.RowLength), rowBytes = checked((int)tensor.RowBytes);
        int batch = Math.Max(1, BatchValues / rowLength);
        float[] values = ArrayPool<float>.Shared.Rent(batch * rowLength);
        try
        {
            for (; !rows.IsEmpty; firstRow += batch)
            {
                batch = Math.Min(batch, rows.Length / rowBytes);
                decoder!.Decode(rows[..(batch * rowBytes)], values);
                FiniteValues.Check(values.AsSpan(0, batch * rowLength), rowLength, tensor.Name, firstRow);
                rows = rows[(batch * rowBytes)..];
            }
        }
        finally
        {
            ArrayPool<float>.Shared.Return(values);
        }
    }
}
