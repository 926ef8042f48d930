using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <content>Encoding, as <c>quantize_iq4_nl</c> in llama.cpp's ggml-quants.c.</content>
public readonly partial struct IQ4_NLFormat : IWeightedTensorEncoder<IQ4_NLFormat>, ILaneEncoder
{
    /// <inheritdoc/>
    public static void Encode(ReadOnlySpan<float> source, Span<byte> destination) =>
        LaneEncoding.Encode<IQ4_NLFormat>(source, destination);

    /// <inheritdoc/>
    public static void EncodeWeighted(ReadOnlySpan<float> source, ReadOnlySpan<float> importance, Span<byte> destination) =>
        LaneEncoding.Encode<IQ4_NLFormat>(source, importance, destination);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static unsafe void ILaneEncoder.EncodeLanes<TLanes>(float* source, float* importance, byte* destination, nint blocks)
    {
        float* values = stackalloc float[Length * SubBlocks.Width];
        float* weights = stackalloc float[Length * SubBlocks.Width];
        float* meanSquares = stackalloc float[SubBlocks.Width];
        float* scales = stackalloc float[SubBlocks.Width];
        byte* codes = stackalloc byte[Length];
        for (nint first = 0; first < blocks; first += SubBlocks.Width)
        {
            int count = (int)Math.Min(SubBlocks.Width, blocks - first);
            float* from = source + (first * Length);
            SubBlocks.SideBySide(from, Length, count, values);
            if (importance != null)
            {
                for (int b = 0; b < count; b++)
                    meanSquares[b] = SubBlocks.SumOfSquares(from + (b * Length), Length) * (2f / Length);
                SubBlocks.SideBySide(importance + (first * Length), Length, count, weights);
                SubBlocks.Weigh<TLanes>(values, weights, Length, meanSquares, null);
            }

            LevelSearch.Run<TLanes>(values, importance == null ? null : weights, Length, count, scales);
            for (int b = 0; b < count; b++, from += Length)
            {
                byte* to = destination + ((first + b) * Bytes);
                Unsafe.WriteUnaligned(to, (Half)scales[b]);
                LevelSearch.Codes<TLanes>(from, Length, scales[b] == 0 ? 0 : 1 / scales[b], codes);
                for (int i = 0; i < HalfLength; i++)
                    to[Quants + i] = (byte)(codes[i] | (codes[HalfLength + i] << 4));
            }
        }
    }
}
