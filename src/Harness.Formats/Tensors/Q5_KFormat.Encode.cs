using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <content>Encoding, as <c>quantize_q5_K</c> in llama.cpp's ggml-quants.c.</content>
public readonly partial struct Q5_KFormat : IWeightedTensorEncoder<Q5_KFormat>, ILaneEncoder
{
    /// <inheritdoc/>
    public static void Encode(ReadOnlySpan<float> source, Span<byte> destination) =>
        LaneEncoding.Encode<Q5_KFormat>(source, destination);

    /// <inheritdoc/>
    public static void EncodeWeighted(ReadOnlySpan<float> source, ReadOnlySpan<float> importance, Span<byte> destination) =>
        LaneEncoding.Encode<Q5_KFormat>(source, importance, destination);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static unsafe void ILaneEncoder.EncodeLanes<TLanes>(float* source, float* importance, byte* destination, nint blocks)
    {
        byte* quants = stackalloc byte[2 * Length];
        for (nint block = 0; block < blocks; block += 2)
        {
            int count = (int)Math.Min(2, blocks - block);
            MinimumBlocks.Encode<TLanes>(
                source + (block * Length), importance == null ? null : importance + (block * Length), 31, count,
                destination + (block * Bytes), Bytes, quants);
            for (int b = 0; b < count; b++)
                Pack(quants + (b * Length), destination + ((block + b) * Bytes));
        }
    }

    private static unsafe void Pack(byte* quants, byte* block)
    {
        byte* highBits = block + HighBits, low = block + Quants;
        new Span<byte>(highBits, SubLength).Clear();
        for (int sub = 0; sub < Length / SubLength; sub += 2, quants += 2 * SubLength, low += SubLength)
        {
            for (int i = 0; i < SubLength; i++)
            {
                int first = quants[i], second = quants[SubLength + i];
                low[i] = (byte)((first & 15) | (second << 4));
                highBits[i] |= (byte)(((first >> 4) << sub) | ((second >> 4) << (sub + 1)));
            }
        }
    }
}
