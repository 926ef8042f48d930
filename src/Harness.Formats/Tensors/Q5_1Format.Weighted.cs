using System.Buffers.Binary;

namespace Harness.Formats.Tensors;

/// <content>Encoding by importance, as <c>quantize_row_q5_1_impl</c> in llama.cpp's ggml-quants.c.</content>
public readonly partial struct Q5_1Format : IWeightedTensorEncoder<Q5_1Format>
{
    /// <inheritdoc/>
    public static void EncodeWeighted(ReadOnlySpan<float> source, ReadOnlySpan<float> importance, Span<byte> destination)
    {
        int blocks = LaneDecoding.CountEncodedBlocks<Q5_1Format>(source.Length, destination.Length);
        var scales = new float[blocks];
        var minima = new float[blocks];
        var quants = new byte[source.Length];
        WeightedBlocks.Affine(source, importance, 31, scales, minima, quants);
        for (int block = 0; block < blocks; block++)
        {
            Span<byte> to = destination.Slice(block * Bytes, Bytes);
            ReadOnlySpan<byte> q = quants.AsSpan(block * Length, Length);
            BinaryPrimitives.WriteHalfLittleEndian(to, (Half)scales[block]);
            BinaryPrimitives.WriteHalfLittleEndian(to[2..], (Half)(-minima[block]));
            uint high = 0;
            for (int i = 0; i < HalfLength; i++)
            {
                to[Quants + i] = (byte)((q[i] & 15) | (q[HalfLength + i] << 4));
                high |= ((uint)q[i] >> 4 << i) | ((uint)q[HalfLength + i] >> 4 << (HalfLength + i));
            }

            BinaryPrimitives.WriteUInt32LittleEndian(to[HighBits..], high);
        }
    }
}
