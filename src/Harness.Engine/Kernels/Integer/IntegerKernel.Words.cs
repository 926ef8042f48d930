using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Harness.Engine.Kernels.Integer;

// The tile of 16-bit values. A product of bytes with both signs takes two instructions on the two ports that multiply and
// one to move the sign; two products of 16 bits take the same two and nothing else, so that they win for formats whose values
// leave 16 bits no room to sum. Scales and offsets are in the unpacked values: at most 128 × 127, times 127, times 256 columns.
internal sealed unsafe partial class IntegerKernel<TFormat>
{
    private const int WordTokens = 6;

    private static TileLayout LayoutOfWords(int columns)
    {
        int minima = sizeof(short) * Rows * columns;
        int scales = minima + (HasPairMinima ? Register * (columns / Group / 2) : 0);
        int minimumScales = scales + (Register * (columns / Block));
        return new TileLayout(minima, minima, scales, minimumScales, minimumScales + (TFormat.Affine ? Register * (columns / Block) : 0));
    }

    private static bool HasPairMinima
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => !OneGroup && TFormat.Affine;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyPanelOfWords(in MatrixJob job, byte* octet, int firstRow, int rowCount, byte* scratch)
    {
        int columns = job.Projection.Weight.Columns;
        TileLayout layout = LayoutOfWords(columns);
        int octets = (rowCount + Rows - 1) / Rows;
        for (int i = 0; i < octets; i++)
            octet = UnpackWords(octet, columns, layout, scratch + ((long)i * layout.Bytes));

        byte** inputs = stackalloc byte*[WordTokens];
        Vector256<float>* results = stackalloc Vector256<float>[2 * WordTokens];
        for (int token = 0; token < job.Tokens; token += WordTokens)
        {
            // Past the last token the tile computes that token again and drops the result; past the last octet, that octet.
            int tokens = Math.Min(WordTokens, job.Tokens - token);
            job.PrefetchOutputs(token, tokens, firstRow);
            for (int t = 0; t < WordTokens; t++)
                inputs[t] = job.Integers + ((long)(token + Math.Min(t, tokens - 1)) * job.IntegerStride);

            for (int i = 0; i < octets; i += 2)
            {
                byte* tile = scratch + ((long)i * layout.Bytes);
                int both = Math.Min(2, octets - i);
                TileOfWords(tile, tile + ((both - 1) * (long)layout.Bytes), layout, columns, inputs, results);
                for (int t = 0; t < tokens; t++)
                {
                    for (int o = 0; o < both; o++)
                    {
                        int row = (i + o) * Rows;
                        job.StoreEight(token + t, firstRow + row, Math.Min(Rows, rowCount - row), results[(o * WordTokens) + t]);
                    }
                }
            }
        }
    }

    /// <summary>Unpacks eight rows and returns where the next ones are.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static byte* UnpackWords(byte* octet, int columns, TileLayout layout, byte* tile)
    {
        byte* values = tile;
        byte* minima = tile + layout.Minima;
        var scales = (float*)(tile + layout.Scales);
        var minimumScales = (float*)(tile + layout.MinimumScales);
        for (int block = 0; block < columns / Block; block++)
        {
            OctetBlock<TFormat>.Scales(octet).Store(scales);
            scales += Rows;
            if (TFormat.Affine)
            {
                OctetBlock<TFormat>.MinimumScales(octet).Store(minimumScales);
                minimumScales += Rows;
            }

            byte* codes = octet + OctetBlock<TFormat>.Codes;
            for (int chunk = 0; chunk < Block / QuadCodes.Columns; chunk++)
            {
                Vector256<short> first = default, second = default;
                if (!OneGroup)
                {
                    Vector256<short> both = OctetBlock<TFormat>.GroupScalesOf(octet, chunk * QuadCodes.Columns / Group / 2);
                    first = Group == 16 || chunk % 2 == 0 ? FirstOfPair(both) : SecondOfPair(both);
                    second = Group == 16 ? SecondOfPair(both) : first;
                }

                StoreWords(codes, 0, values, first);
                StoreWords(codes, 1, values, first);
                StoreWords(codes, 2, values, first);
                StoreWords(codes, 3, values, first);
                StoreWords(codes, 4, values, second);
                StoreWords(codes, 5, values, second);
                StoreWords(codes, 6, values, second);
                StoreWords(codes, 7, values, second);
                codes += ChunkBytes;
                values += sizeof(short) * Rows * QuadCodes.Columns;
            }

            for (int pair = 0; HasPairMinima && pair < OctetBlock<TFormat>.Groups / 2; pair++)
            {
                OctetBlock<TFormat>.GroupMinimaOf(octet, pair).Store((short*)minima);
                minima += Register;
            }

            octet += OctetBlock<TFormat>.Bytes;
        }

        return octet;
    }

    /// <summary>Four columns of eight rows: the first and third one of each, then the second and fourth, as <see cref="IntegerRow"/> has them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreWords(byte* codes, int quad, byte* values, Vector256<short> factor)
    {
        Vector256<short> both = TFormat.Values(QuadCodes.Unpack(TFormat.CodeBits, codes, quad)).AsInt16();
        Vector256<short> even = Wide ? (both << 8) >> 8 : both & Vector256.Create((short)0xFF);
        Vector256<short> odd = Wide ? both >> 8 : both >>> 8;
        if (!TFormat.Affine && TFormat.Offset != 0)
        {
            even -= Vector256.Create((short)TFormat.Offset);
            odd -= Vector256.Create((short)TFormat.Offset);
        }

        if (!OneGroup)
        {
            even *= factor;
            odd *= factor;
        }

        even.Store((short*)(values + (quad * 2 * Register)));
        odd.Store((short*)(values + (quad * 2 * Register) + Register));
    }

    /// <summary>Twice eight rows times six tokens: twelve sums, and of the other registers two for weights, two for a token's.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TileOfWords(byte* tile, byte* other, TileLayout layout, int columns, byte** inputs, Vector256<float>* results)
    {
        nint second = (nint)(other - tile);
        byte* weights = tile;
        byte* minima = tile + layout.Minima;
        byte* scales = tile + layout.Scales;
        byte* minimumScales = tile + layout.MinimumScales;
        nint wordsAt = IntegerRow.Words(columns, Block);
        nint scalesAt = IntegerRow.Scales(columns);
        nint sumsAt = IntegerRow.Sums(columns, Block, Group);
        byte* input0 = inputs[0] + wordsAt;
        byte* input1 = inputs[1] + wordsAt;
        byte* input2 = inputs[2] + wordsAt;
        byte* input3 = inputs[3] + wordsAt;
        byte* input4 = inputs[4] + wordsAt;
        byte* input5 = inputs[5] + wordsAt;
        for (int i = 0; i < 2 * WordTokens; i++)
            results[i] = default;
        nint column = 0;
        int blocks = columns / Block;
        for (int block = 0; block < blocks; block++)
        {
            Vector256<int> s00 = default, s01 = default, s02 = default, s03 = default, s04 = default, s05 = default;
            Vector256<int> s10 = default, s11 = default, s12 = default, s13 = default, s14 = default, s15 = default;
            nint end = column + (sizeof(short) * Block);
            do
            {
                Vector256<short> w0 = Vector256.Load((short*)weights);
                Vector256<short> w1 = Vector256.Load((short*)(weights + second));
                Vector256<short> x = ByteProducts.Two((short*)(input0 + column));
                s00 += Avx2.MultiplyAddAdjacent(w0, x);
                s10 += Avx2.MultiplyAddAdjacent(w1, x);
                x = ByteProducts.Two((short*)(input1 + column));
                s01 += Avx2.MultiplyAddAdjacent(w0, x);
                s11 += Avx2.MultiplyAddAdjacent(w1, x);
                x = ByteProducts.Two((short*)(input2 + column));
                s02 += Avx2.MultiplyAddAdjacent(w0, x);
                s12 += Avx2.MultiplyAddAdjacent(w1, x);
                x = ByteProducts.Two((short*)(input3 + column));
                s03 += Avx2.MultiplyAddAdjacent(w0, x);
                s13 += Avx2.MultiplyAddAdjacent(w1, x);
                x = ByteProducts.Two((short*)(input4 + column));
                s04 += Avx2.MultiplyAddAdjacent(w0, x);
                s14 += Avx2.MultiplyAddAdjacent(w1, x);
                x = ByteProducts.Two((short*)(input5 + column));
                s05 += Avx2.MultiplyAddAdjacent(w0, x);
                s15 += Avx2.MultiplyAddAdjacent(w1, x);
                weights += Register;
                column += 2 * sizeof(short);
            }
            while (column < end);

            Vector256<float> d0 = Vector256.Load((float*)scales);
            Vector256<float> d1 = Vector256.Load((float*)(scales + second));
            scales += Register;
            nint scale = scalesAt - wordsAt + (block * (nint)sizeof(float));
            AddBlock(results, s00, s10, d0, d1, *(float*)(input0 + scale));
            AddBlock(results + 1, s01, s11, d0, d1, *(float*)(input1 + scale));
            AddBlock(results + 2, s02, s12, d0, d1, *(float*)(input2 + scale));
            AddBlock(results + 3, s03, s13, d0, d1, *(float*)(input3 + scale));
            AddBlock(results + 4, s04, s14, d0, d1, *(float*)(input4 + scale));
            AddBlock(results + 5, s05, s15, d0, d1, *(float*)(input5 + scale));
            if (!TFormat.Affine)
                continue;
            SubtractMinima(minima, minimumScales, second, inputs, sumsAt, scalesAt, block, results);
            minimumScales += Register;
            if (HasPairMinima)
                minima += Block / Group / 2 * Register;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddBlock(Vector256<float>* results, Vector256<int> first, Vector256<int> second, Vector256<float> d0, Vector256<float> d1, float scale)
    {
        Vector256<float> y = Vector256.Create(scale);
        results[0] = Fma.MultiplyAdd(Vector256.ConvertToSingle(first), d0 * y, results[0]);
        results[WordTokens] = Fma.MultiplyAdd(Vector256.ConvertToSingle(second), d1 * y, results[WordTokens]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SubtractMinima(
        byte* minima, byte* minimumScales, nint second, byte** inputs, nint sumsAt, nint scalesAt, int block, Vector256<float>* results)
    {
        Vector256<float> d0 = Vector256.Load((float*)minimumScales);
        Vector256<float> d1 = Vector256.Load((float*)(minimumScales + second));
        for (int t = 0; t < WordTokens; t++)
        {
            byte* input = inputs[t];
            Vector256<int> m0 = default, m1 = default;
            if (OneGroup)
            {
                m0 = m1 = Vector256.Create(((int*)(input + sumsAt))[block]);
            }
            else
            {
                byte* sums = input + sumsAt + ((nint)block * (Block / Group) * sizeof(short));
                for (int pair = 0; pair < Block / Group / 2; pair++)
                {
                    Vector256<short> x = ByteProducts.Two((short*)(sums + (pair * 2 * sizeof(short))));
                    m0 = ByteProducts.AddPairs(m0, Vector256.Load((short*)(minima + (pair * Register))), x);
                    m1 = ByteProducts.AddPairs(m1, Vector256.Load((short*)(minima + second + (pair * Register))), x);
                }
            }

            Vector256<float> y = Vector256.Create(((float*)(input + scalesAt))[block]);
            results[t] = Fma.MultiplyAddNegated(Vector256.ConvertToSingle(m0), d0 * y, results[t]);
            results[WordTokens + t] = Fma.MultiplyAddNegated(Vector256.ConvertToSingle(m1), d1 * y, results[WordTokens + t]);
        }
    }
}
