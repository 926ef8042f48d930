using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Harness.Engine.Kernels.Integer;

// The tile for VNNI, whose products of four columns take unsigned weights and go to 32 bits at once. They have a latency of
// several instructions, so two octets are multiplied together: eight independent sums.
internal sealed unsafe partial class IntegerKernel<TFormat>
{
    // What values are above what they stand for: signed ones are made unsigned.
    private static int Correction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Wide ? 128 : TFormat.Offset;
    }

    /// <summary>Twice eight rows times four tokens.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TileOfFours(byte* tile, byte* other, TileLayout layout, int columns, byte** inputs, Vector256<float>* results)
    {
        nint second = (nint)(other - tile);
        byte* weights = tile;
        byte* factors = tile + layout.Factors;
        byte* minima = tile + layout.Minima;
        byte* scales = tile + layout.Scales;
        byte* minimumScales = tile + layout.MinimumScales;
        byte* input0 = inputs[0];
        byte* input1 = inputs[1];
        byte* input2 = inputs[2];
        byte* input3 = inputs[3];
        nint scalesAt = IntegerRow.Scales(columns);
        nint sumsAt = IntegerRow.Sums(columns, Block, Group);
        Vector256<int>* sums = stackalloc Vector256<int>[2 * TileTokens];
        Vector256<int>* offsets = stackalloc Vector256<int>[2 * TileTokens];
        for (int i = 0; i < 2 * TileTokens; i++)
            results[i] = default;
        nint column = 0;
        int blocks = columns / Block;
        for (int block = 0; block < blocks; block++)
        {
            for (int i = 0; i < 2 * TileTokens; i++)
                offsets[i] = sums[i] = default;
            for (int group = 0; group < Block / Group; group++)
            {
                Vector256<int> p00 = default, p01 = default, p10 = default, p11 = default;
                Vector256<int> p20 = default, p21 = default, p30 = default, p31 = default;
                for (int k = 0; k < Group / 4; k++)
                {
                    Vector256<byte> w0 = Vector256.Load(weights);
                    Vector256<byte> w1 = Vector256.Load(weights + second);
                    Vector256<sbyte> x = ByteProducts.Four(input0 + column);
                    p00 = ByteProducts.AddFour(p00, w0, x);
                    p01 = ByteProducts.AddFour(p01, w1, x);
                    x = ByteProducts.Four(input1 + column);
                    p10 = ByteProducts.AddFour(p10, w0, x);
                    p11 = ByteProducts.AddFour(p11, w1, x);
                    x = ByteProducts.Four(input2 + column);
                    p20 = ByteProducts.AddFour(p20, w0, x);
                    p21 = ByteProducts.AddFour(p21, w1, x);
                    x = ByteProducts.Four(input3 + column);
                    p30 = ByteProducts.AddFour(p30, w0, x);
                    p31 = ByteProducts.AddFour(p31, w1, x);
                    weights += Register;
                    column += 4;
                }

                Vector256<int> f0 = OneGroup ? Vector256<int>.One : Vector256.Load((int*)factors);
                Vector256<int> f1 = OneGroup ? Vector256<int>.One : Vector256.Load((int*)(factors + second));
                factors += Register;
                sums[0] += Scaled(p00, f0);
                sums[1] += Scaled(p10, f0);
                sums[2] += Scaled(p20, f0);
                sums[3] += Scaled(p30, f0);
                sums[4] += Scaled(p01, f1);
                sums[5] += Scaled(p11, f1);
                sums[6] += Scaled(p21, f1);
                sums[7] += Scaled(p31, f1);
            }

            for (int pair = 0; HasPairs && pair < Block / Group / 2; pair++)
            {
                nint at = sumsAt + ((((nint)block * (Block / Group)) + (2 * pair)) * sizeof(short));
                Vector256<short> w0 = Vector256.Load((short*)minima);
                Vector256<short> w1 = Vector256.Load((short*)(minima + second));
                minima += Register;
                for (int t = 0; t < TileTokens; t++)
                {
                    Vector256<short> x = ByteProducts.Two((short*)(inputs[t] + at));
                    offsets[t] = ByteProducts.AddPairs(offsets[t], w0, x);
                    offsets[TileTokens + t] = ByteProducts.AddPairs(offsets[TileTokens + t], w1, x);
                }
            }

            for (int i = 0; i < 2 * TileTokens; i++)
            {
                nint octet = i < TileTokens ? 0 : second;
                byte* input = inputs[i % TileTokens];
                Vector256<int> offset = OneGroup ? Vector256.Create(((int*)(input + sumsAt))[block]) : offsets[i];
                Vector256<int> sum = TFormat.Affine ? sums[i] : sums[i] - (offset * Correction);
                Vector256<float> y = Vector256.Create(((float*)(input + scalesAt))[block]);
                results[i] = Fma.MultiplyAdd(Vector256.ConvertToSingle(sum), Vector256.Load((float*)(scales + octet)) * y, results[i]);
                if (TFormat.Affine)
                    results[i] = Fma.MultiplyAddNegated(Vector256.ConvertToSingle(offset), Vector256.Load((float*)(minimumScales + octet)) * y, results[i]);
            }

            scales += Register;
            minimumScales += Register;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Scaled(Vector256<int> products, Vector256<int> factor) => OneGroup ? products : products * factor;
}
