using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <content>Encoding, as <c>quantize_iq4_xs</c> in llama.cpp's ggml-quants.c.</content>
public readonly partial struct IQ4_XSFormat : IWeightedTensorEncoder<IQ4_XSFormat>, ILaneEncoder
{
    private const int SubBlockCount = Length / SubLength;
    private const int MostScale = 32;

    /// <inheritdoc/>
    public static void Encode(ReadOnlySpan<float> source, Span<byte> destination) =>
        LaneEncoding.Encode<IQ4_XSFormat>(source, destination);

    /// <inheritdoc/>
    public static void EncodeWeighted(ReadOnlySpan<float> source, ReadOnlySpan<float> importance, Span<byte> destination) =>
        LaneEncoding.Encode<IQ4_XSFormat>(source, importance, destination);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static unsafe void ILaneEncoder.EncodeLanes<TLanes>(float* source, float* importance, byte* destination, nint blocks)
    {
        float* values = stackalloc float[SubLength * SubBlocks.Width];
        float* weights = stackalloc float[SubLength * SubBlocks.Width];
        float* meanSquares = stackalloc float[SubBlocks.Width];
        float* scales = stackalloc float[SubBlocks.Width];
        for (nint first = 0; first < blocks; first += 2)
        {
            int count = (int)Math.Min(2, blocks - first);
            float* from = source + (first * Length);
            SubBlocks.SideBySide(from, SubLength, count * SubBlockCount, values);
            if (importance != null)
            {
                for (int b = 0; b < count; b++)
                {
                    new Span<float>(meanSquares + (b * SubBlockCount), SubBlockCount)
                        .Fill(SubBlocks.SumOfSquares(from + (b * Length), Length) * (2f / Length));
                }

                SubBlocks.SideBySide(importance + (first * Length), SubLength, count * SubBlockCount, weights);
                SubBlocks.Weigh<TLanes>(values, weights, SubLength, meanSquares, null);
            }

            LevelSearch.Run<TLanes>(values, importance == null ? null : weights, SubLength, count * SubBlockCount, scales);
            for (int b = 0; b < count; b++)
                Store<TLanes>(from + (b * Length), scales + (b * SubBlockCount), destination + ((first + b) * Bytes));
        }
    }

    private static unsafe void Store<TLanes>(float* values, float* scales, byte* block)
        where TLanes : struct, ILanes<TLanes>
    {
        float largest = 0, extreme = 0;
        for (int sub = 0; sub < SubBlockCount; sub++)
        {
            if (MathF.Abs(scales[sub]) > largest) (largest, extreme) = (MathF.Abs(scales[sub]), scales[sub]);
        }

        float d = -extreme / MostScale, inverse = d == 0 ? 0 : 1 / d;
        Unsafe.WriteUnaligned(block, (Half)d);
        new Span<byte>(block + UpperScales, Quants - UpperScales).Clear();
        byte* codes = stackalloc byte[SubLength];
        byte* to = block + Quants;
        for (int sub = 0; sub < SubBlockCount; sub++, values += SubLength, to += HalfLength)
        {
            int scale = QuantRounding.Nearest(inverse * scales[sub], -MostScale, MostScale - 1);
            float step = d * scale;
            LevelSearch.Codes<TLanes>(values, SubLength, step == 0 ? 0 : 1 / step, codes);
            for (int i = 0; i < HalfLength; i++)
                to[i] = (byte)(codes[i] | (codes[HalfLength + i] << 4));
            int stored = scale + MostScale;
            block[LowerScales + (sub / 2)] |= (byte)((stored & 15) << (4 * (sub % 2)));
            block[UpperScales + (sub / 4)] |= (byte)((stored >> 4) << (2 * (sub % 4)));
        }
    }
}
