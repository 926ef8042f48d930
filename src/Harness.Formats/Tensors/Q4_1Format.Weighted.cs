using System.Buffers.Binary;

namespace Harness.Formats.Tensors;

/// <content>Encoding by importance, as <c>quantize_row_q4_1_impl</c> in llama.cpp's ggml-quants.c.</content>
public readonly partial struct Q4_1Format : IWeightedTensorEncoder<Q4_1Format>
{
    /// <inheritdoc/>
    public static void EncodeWeighted(ReadOnlySpan<float> source, ReadOnlySpan<float> importance, Span<byte> destination)
    {
        int blocks = LaneDecoding.CountEncodedBlocks<Q4_1Format>(source.Length, destination.Length);
        var scales = new float[blocks];
        var minima = new float[blocks];
        var quants = new byte[source.Length];
        WeightedBlocks.Affine(source, importance, 15, scales, minima, quants);
        for (int block = 0; block < blocks; block++)
        {
            Span<byte> to = destination.Slice(block * Bytes, Bytes);
            ReadOnlySpan<byte> q = quants.AsSpan(block * Length, Length);
            BinaryPrimitives.WriteHalfLittleEndian(to, (System.Half)scales[block]);
            BinaryPrimitives.WriteHalfLittleEndian(to[2..], (System.Half)(-minima[block]));
            for (int i = 0; i < Half; i++)
                to[Quants + i] = (byte)(q[i] | (q[Half + i] << 4));
        }
    }
}
