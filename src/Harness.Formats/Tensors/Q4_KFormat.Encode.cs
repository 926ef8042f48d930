using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <content>Encoding, as <c>quantize_q4_K</c> in llama.cpp's ggml-quants.c.</content>
public readonly partial struct Q4_KFormat : IWeightedTensorEncoder<Q4_KFormat>, ILaneEncoder
{
    /// <inheritdoc/>
    public static void Encode(ReadOnlySpan<float> source, Span<byte> destination) =>
        LaneEncoding.Encode<Q4_KFormat>(source, destination);

    /// <inheritdoc/>
    public static void EncodeWeighted(ReadOnlySpan<float> source, ReadOnlySpan<float> importance, Span<byte> destination) =>
        LaneEncoding.Encode<Q4_KFormat>(source, importance, destination);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static unsafe void ILaneEncoder.EncodeLanes<TLanes>(float* source, float* importance, byte* destination, nint blocks)
    {
        byte* quants = stackalloc byte[2 * Length];
        for (nint block = 0; block < blocks; block += 2)
        {
            int count = (int)Math.Min(2, blocks - block);
            MinimumBlocks.Encode<TLanes>(
                source + (block * Length), importance == null ? null : importance + (block * Length), 15, count,
                destination + (block * Bytes), Bytes, quants);
            for (int b = 0; b < count; b++)
            {
                byte* to = destination + ((block + b) * Bytes) + Quants;
                for (byte* low = quants + (b * Length), end = low + Length; low < end; low += 2 * SubLength, to += SubLength)
                {
                    for (int i = 0; i < SubLength; i++)
                        to[i] = (byte)(low[i] | (low[SubLength + i] << 4));
                }
            }
        }
    }
}
