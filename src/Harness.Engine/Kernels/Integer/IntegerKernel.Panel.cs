using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Harness.Engine.Kernels.Integer;

// Matrix × panel: an item's rows are unpacked once to scratch that fits a core's second cache, then all tokens of the
// panel pass over them, four at a time.
internal sealed unsafe partial class IntegerKernel<TFormat>
{
    private const int TileTokens = 4;
    private const int Register = 32;

    // Minima, or scales where those stand for them: see Correction.
    private static bool HasPairs
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => !OneGroup && (TFormat.Affine || TFormat.Offset != 0 || Wide);
    }

    private static TileLayout LayoutOf(int columns)
    {
        int factors = Rows * columns;
        int minima = factors + (OneGroup ? 0 : Register * (columns / Group));
        int scales = minima + (HasPairs ? Register * (columns / Group / 2) : 0);
        int minimumScales = scales + (Register * (columns / Block));
        return new TileLayout(factors, minima, scales, minimumScales, minimumScales + (TFormat.Affine ? Register * (columns / Block) : 0));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MultiplyPanel(in MatrixJob job, byte* octet, int firstRow, int rowCount, byte* scratch)
    {
        int columns = job.Projection.Weight.Columns;
        TileLayout layout = LayoutOf(columns);
        int octets = (rowCount + Rows - 1) / Rows;
        for (int i = 0; i < octets; i++)
            octet = Unpack(octet, columns, layout, scratch + ((long)i * layout.Bytes));

        byte** inputs = stackalloc byte*[TileTokens];
        Vector256<float>* results = stackalloc Vector256<float>[2 * TileTokens];
        int atOnce = fourAtOnce ? 2 : 1;
        for (int token = 0; token < job.Tokens; token += TileTokens)
        {
            // Past the last token the tile computes that token again and drops the result.
            int tokens = Math.Min(TileTokens, job.Tokens - token);
            job.PrefetchOutputs(token, tokens, firstRow);
            for (int t = 0; t < TileTokens; t++)
                inputs[t] = job.Integers + ((long)(token + Math.Min(t, tokens - 1)) * job.IntegerStride);

            for (int i = 0; i < octets; i += atOnce)
            {
                byte* tile = scratch + ((long)i * layout.Bytes);
                int both = Math.Min(atOnce, octets - i);
                if (fourAtOnce)
                    TileOfFours(tile, tile + ((both - 1) * (long)layout.Bytes), layout, columns, inputs, results);
                else
                    TileOfPairs(tile, layout, columns, inputs, results);
                for (int o = 0; o < both; o++)
                {
                    int row = (i + o) * Rows;
                    for (int t = 0; t < tokens; t++)
                        job.StoreEight(token + t, firstRow + row, Math.Min(Rows, rowCount - row), results[(o * TileTokens) + t]);
                }
            }
        }
    }

    /// <summary>Unpacks eight rows and returns where the next ones are.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private byte* Unpack(byte* octet, int columns, TileLayout layout, byte* tile)
    {
        byte* values = tile;
        byte* factors = tile + layout.Factors;
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

            for (int pair = 0; pair < OctetBlock<TFormat>.Groups / 2; pair++)
            {
                Vector256<short> both = OctetBlock<TFormat>.GroupScalesOf(octet, pair);
                (fourAtOnce ? ((both.AsInt32() << 16) >> 16).AsInt16() : FirstOfPair(both)).Store((short*)factors);
                (fourAtOnce ? (both.AsInt32() >> 16).AsInt16() : SecondOfPair(both)).Store((short*)(factors + Register));
                factors += 2 * Register;
                if (!HasPairs)
                    continue;
                (TFormat.Affine ? OctetBlock<TFormat>.GroupMinimaOf(octet, pair) : both).Store((short*)minima);
                minima += Register;
            }

            byte* codes = octet + OctetBlock<TFormat>.Codes;
            for (int chunk = 0; chunk < Block / QuadCodes.Columns; chunk++)
            {
                Store(codes, 0, values);
                Store(codes, 1, values);
                Store(codes, 2, values);
                Store(codes, 3, values);
                Store(codes, 4, values);
                Store(codes, 5, values);
                Store(codes, 6, values);
                Store(codes, 7, values);
                codes += ChunkBytes;
                values += Rows * QuadCodes.Columns;
            }

            octet += OctetBlock<TFormat>.Bytes;
        }

        return octet;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Store(byte* codes, int quad, byte* values)
    {
        Vector256<byte> quads = TFormat.Values(QuadCodes.Unpack(TFormat.CodeBits, codes, quad));

        // Products of four columns take unsigned weights.
        if (Wide && fourAtOnce)
            quads ^= Vector256.Create((byte)128);
        quads.Store(values + (quad * Register));
    }

    /// <summary>Eight rows times four tokens, two columns of each to a product of 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TileOfPairs(byte* tile, TileLayout layout, int columns, byte** inputs, Vector256<float>* results)
    {
        byte* weights = tile;
        byte* factors = tile + layout.Factors;
        var minima = (short*)(tile + layout.Minima);
        var scales = (float*)(tile + layout.Scales);
        var minimumScales = (float*)(tile + layout.MinimumScales);
        byte* input0 = inputs[0];
        byte* input1 = inputs[1];
        byte* input2 = inputs[2];
        byte* input3 = inputs[3];
        nint scalesAt = IntegerRow.Scales(columns);
        nint sumsAt = IntegerRow.Sums(columns, Block, Group);
        Vector256<float> r0 = default, r1 = default, r2 = default, r3 = default;
        nint column = 0;
        int blocks = columns / Block;
        for (int block = 0; block < blocks; block++)
        {
            Vector256<int> s0 = default, s1 = default, s2 = default, s3 = default;
            for (int group = 0; group < Block / Group; group++)
            {
                Vector256<short> factor = OneGroup ? Vector256<short>.One : Vector256.Load((short*)factors);
                factors += Register;
                for (int half = 0; half < Group / 16; half++)
                {
                    Vector256<byte> w = Vector256.Load(weights);
                    if (Wide)
                    {
                        Vector256<byte> m = Avx2.Abs(w.AsSByte());
                        s0 = AddWide(s0, m, w, input0 + column, factor);
                        s1 = AddWide(s1, m, w, input1 + column, factor);
                        s2 = AddWide(s2, m, w, input2 + column, factor);
                        s3 = AddWide(s3, m, w, input3 + column, factor);
                        w = Vector256.Load(weights + Register);
                        m = Avx2.Abs(w.AsSByte());
                        s0 = AddWide(s0, m, w, input0 + column + 4, factor);
                        s1 = AddWide(s1, m, w, input1 + column + 4, factor);
                        s2 = AddWide(s2, m, w, input2 + column + 4, factor);
                        s3 = AddWide(s3, m, w, input3 + column + 4, factor);
                        w = Vector256.Load(weights + (2 * Register));
                        m = Avx2.Abs(w.AsSByte());
                        s0 = AddWide(s0, m, w, input0 + column + 8, factor);
                        s1 = AddWide(s1, m, w, input1 + column + 8, factor);
                        s2 = AddWide(s2, m, w, input2 + column + 8, factor);
                        s3 = AddWide(s3, m, w, input3 + column + 8, factor);
                        w = Vector256.Load(weights + (3 * Register));
                        m = Avx2.Abs(w.AsSByte());
                        s0 = AddWide(s0, m, w, input0 + column + 12, factor);
                        s1 = AddWide(s1, m, w, input1 + column + 12, factor);
                        s2 = AddWide(s2, m, w, input2 + column + 12, factor);
                        s3 = AddWide(s3, m, w, input3 + column + 12, factor);
                    }
                    else
                    {
                        Vector256<short> p0 = Narrow(w, input0 + column);
                        Vector256<short> p1 = Narrow(w, input1 + column);
                        Vector256<short> p2 = Narrow(w, input2 + column);
                        Vector256<short> p3 = Narrow(w, input3 + column);
                        w = Vector256.Load(weights + Register);
                        p0 += Narrow(w, input0 + column + 4);
                        p1 += Narrow(w, input1 + column + 4);
                        p2 += Narrow(w, input2 + column + 4);
                        p3 += Narrow(w, input3 + column + 4);
                        w = Vector256.Load(weights + (2 * Register));
                        if (QuadsInSum < 4)
                        {
                            s0 += Avx2.MultiplyAddAdjacent(p0, factor);
                            s1 += Avx2.MultiplyAddAdjacent(p1, factor);
                            s2 += Avx2.MultiplyAddAdjacent(p2, factor);
                            s3 += Avx2.MultiplyAddAdjacent(p3, factor);
                            p0 = Narrow(w, input0 + column + 8);
                            p1 = Narrow(w, input1 + column + 8);
                            p2 = Narrow(w, input2 + column + 8);
                            p3 = Narrow(w, input3 + column + 8);
                        }
                        else
                        {
                            p0 += Narrow(w, input0 + column + 8);
                            p1 += Narrow(w, input1 + column + 8);
                            p2 += Narrow(w, input2 + column + 8);
                            p3 += Narrow(w, input3 + column + 8);
                        }

                        w = Vector256.Load(weights + (3 * Register));
                        p0 += Narrow(w, input0 + column + 12);
                        p1 += Narrow(w, input1 + column + 12);
                        p2 += Narrow(w, input2 + column + 12);
                        p3 += Narrow(w, input3 + column + 12);
                        s0 += Avx2.MultiplyAddAdjacent(p0, factor);
                        s1 += Avx2.MultiplyAddAdjacent(p1, factor);
                        s2 += Avx2.MultiplyAddAdjacent(p2, factor);
                        s3 += Avx2.MultiplyAddAdjacent(p3, factor);
                    }

                    weights += 4 * Register;
                    column += 16;
                }
            }

            Vector256<int> m0 = default, m1 = default, m2 = default, m3 = default;
            if (OneGroup)
            {
                m0 = Vector256.Create(((int*)(input0 + sumsAt))[block]);
                m1 = Vector256.Create(((int*)(input1 + sumsAt))[block]);
                m2 = Vector256.Create(((int*)(input2 + sumsAt))[block]);
                m3 = Vector256.Create(((int*)(input3 + sumsAt))[block]);
            }
            else if (TFormat.Affine || TFormat.Offset != 0)
            {
                nint pair = sumsAt + ((nint)block * (Block / Group) * sizeof(short));
                for (int i = 0; i < Block / Group / 2; i++)
                {
                    Vector256<short> x = Vector256.Load(minima + (i * 16));
                    m0 = ByteProducts.AddPairs(m0, x, ByteProducts.Two((short*)(input0 + pair)));
                    m1 = ByteProducts.AddPairs(m1, x, ByteProducts.Two((short*)(input1 + pair)));
                    m2 = ByteProducts.AddPairs(m2, x, ByteProducts.Two((short*)(input2 + pair)));
                    m3 = ByteProducts.AddPairs(m3, x, ByteProducts.Two((short*)(input3 + pair)));
                    pair += 2 * sizeof(short);
                }
            }

            if (HasPairs)
                minima += Block / Group / 2 * 16;
            if (!TFormat.Affine && TFormat.Offset != 0)
            {
                s0 -= m0 * TFormat.Offset;
                s1 -= m1 * TFormat.Offset;
                s2 -= m2 * TFormat.Offset;
                s3 -= m3 * TFormat.Offset;
            }

            Vector256<float> d = Vector256.Load(scales);
            scales += Rows;
            Vector256<float> y0 = Vector256.Create(((float*)(input0 + scalesAt))[block]);
            Vector256<float> y1 = Vector256.Create(((float*)(input1 + scalesAt))[block]);
            Vector256<float> y2 = Vector256.Create(((float*)(input2 + scalesAt))[block]);
            Vector256<float> y3 = Vector256.Create(((float*)(input3 + scalesAt))[block]);
            r0 = Fma.MultiplyAdd(Vector256.ConvertToSingle(s0), d * y0, r0);
            r1 = Fma.MultiplyAdd(Vector256.ConvertToSingle(s1), d * y1, r1);
            r2 = Fma.MultiplyAdd(Vector256.ConvertToSingle(s2), d * y2, r2);
            r3 = Fma.MultiplyAdd(Vector256.ConvertToSingle(s3), d * y3, r3);
            if (TFormat.Affine)
            {
                d = Vector256.Load(minimumScales);
                minimumScales += Rows;
                r0 = Fma.MultiplyAddNegated(Vector256.ConvertToSingle(m0), d * y0, r0);
                r1 = Fma.MultiplyAddNegated(Vector256.ConvertToSingle(m1), d * y1, r1);
                r2 = Fma.MultiplyAddNegated(Vector256.ConvertToSingle(m2), d * y2, r2);
                r3 = Fma.MultiplyAddNegated(Vector256.ConvertToSingle(m3), d * y3, r3);
            }
        }

        results[0] = r0;
        results[1] = r1;
        results[2] = r2;
        results[3] = r3;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Narrow(Vector256<byte> weights, byte* input) => ByteProducts.Pairs(weights, ByteProducts.Four(input));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> AddWide(Vector256<int> sum, Vector256<byte> magnitudes, Vector256<byte> weights, byte* input, Vector256<short> factor) =>
        sum + Avx2.MultiplyAddAdjacent(ByteProducts.Pairs(magnitudes, weights.AsSByte(), ByteProducts.Four(input)), factor);
}
