using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Harness.Engine.Kernels.Integer;

// Matrix × panel: sixteen rows are unpacked once and laid out so that a register holds four columns of eight rows, then
// all tokens of the panel pass over them, four at a time.
internal sealed unsafe partial class IntegerKernel<TFormat>
{
    private const int PanelRows = 16;
    private const int PanelTokens = 4;

    /// <summary>Where the parts of sixteen unpacked rows are, in bytes from their start.</summary>
    private readonly struct PanelLayout(int columns)
    {
        // Four columns of sixteen rows, then the next four.
        public long Scales => (long)PanelRows * columns;

        // One 32-bit integer a group and row.
        public long Minima => Scales + (OneGroup ? 0 : (long)PanelRows * sizeof(int) * (columns / Group));

        // Two 16-bit integers for two neighbouring groups and each row.
        public long BlockScales => Minima + (OneGroup ? 0 : (long)PanelRows * sizeof(int) * (columns / Group / 2));

        public long BlockMinima => BlockScales + ((long)PanelRows * sizeof(float) * (columns / Block));

        public long Bytes => BlockMinima + (TFormat.Affine ? (long)PanelRows * sizeof(float) * (columns / Block) : 0);
    }

    private static long PanelScratchFloats(int columns) =>
        MatrixKernels.RowsPerItem / PanelRows * new PanelLayout(columns).Bytes / sizeof(float);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyPanel(in MatrixJob job, int firstRow, int rowCount, float* scratch)
    {
        int columns = job.Projection.Weight.Columns;
        var layout = new PanelLayout(columns);
        var panels = (byte*)scratch;
        int count = 0;
        for (int row = 0; row < rowCount; row += PanelRows)
            Unpack(in job, firstRow + row, Math.Min(PanelRows, rowCount - row), panels + (count++ * layout.Bytes));

        byte** inputs = stackalloc byte*[PanelTokens];
        Vector256<float>* results = stackalloc Vector256<float>[2 * PanelTokens];
        for (int token = 0; token < job.Tokens; token += PanelTokens)
        {
            // Past the last token the tile computes that token again and drops the result.
            int tokens = Math.Min(PanelTokens, job.Tokens - token);
            for (int t = 0; t < PanelTokens; t++)
                inputs[t] = job.Integers + ((long)(token + Math.Min(t, tokens - 1)) * job.IntegerStride);

            for (int panel = 0; panel < count; panel++)
            {
                Tile(panels + (panel * layout.Bytes), layout, columns, inputs, results);
                int row = firstRow + (panel * PanelRows);
                int rows = Math.Min(PanelRows, firstRow + rowCount - row);
                for (int t = 0; t < tokens; t++)
                {
                    job.StoreEight(token + t, row, Math.Min(8, rows), results[2 * t]);
                    if (rows > 8)
                        job.StoreEight(token + t, row + 8, rows - 8, results[(2 * t) + 1]);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile(byte* panel, PanelLayout layout, int columns, byte** inputs, Vector256<float>* results)
    {
        byte* weights = panel;
        var scales = (int*)(panel + layout.Scales);
        var minima = (short*)(panel + layout.Minima);
        var blockScales = (float*)(panel + layout.BlockScales);
        var blockMinima = (float*)(panel + layout.BlockMinima);
        byte* input0 = inputs[0];
        byte* input1 = inputs[1];
        byte* input2 = inputs[2];
        byte* input3 = inputs[3];
        int scalesAt = IntegerRow.Scales(columns);
        int sumsAt = Group == 16 ? IntegerRow.Sums16(columns, Block) : IntegerRow.Sums32(columns, Block);
        Vector256<float> r00 = default, r01 = default, r10 = default, r11 = default;
        Vector256<float> r20 = default, r21 = default, r30 = default, r31 = default;
        int blocks = columns / Block;
        nint column = 0;
        nint group = 0;
        for (int block = 0; block < blocks; block++)
        {
            Vector256<int> s00 = default, s01 = default, s10 = default, s11 = default;
            Vector256<int> s20 = default, s21 = default, s30 = default, s31 = default;
            nint firstGroup = group;
            for (int g = 0; g < Block; g += Group)
            {
                Vector256<int> p00 = default, p01 = default, p10 = default, p11 = default;
                Vector256<int> p20 = default, p21 = default, p30 = default, p31 = default;
                for (int k = 0; k < Group; k += 4)
                {
                    Vector256<byte> w0 = Vector256.Load(weights);
                    Vector256<byte> w1 = Vector256.Load(weights + 32);
                    Vector256<sbyte> x = Four(input0 + column);
                    p00 = ByteProducts.Add<TFormat>(p00, w0, x);
                    p01 = ByteProducts.Add<TFormat>(p01, w1, x);
                    x = Four(input1 + column);
                    p10 = ByteProducts.Add<TFormat>(p10, w0, x);
                    p11 = ByteProducts.Add<TFormat>(p11, w1, x);
                    x = Four(input2 + column);
                    p20 = ByteProducts.Add<TFormat>(p20, w0, x);
                    p21 = ByteProducts.Add<TFormat>(p21, w1, x);
                    x = Four(input3 + column);
                    p30 = ByteProducts.Add<TFormat>(p30, w0, x);
                    p31 = ByteProducts.Add<TFormat>(p31, w1, x);
                    weights += 64;
                    column += 4;
                }

                if (OneGroup)
                {
                    (s00, s01, s10, s11) = (p00, p01, p10, p11);
                    (s20, s21, s30, s31) = (p20, p21, p30, p31);
                }
                else
                {
                    Vector256<int> factor = Vector256.Load(scales);
                    s00 += p00 * factor;
                    s10 += p10 * factor;
                    s20 += p20 * factor;
                    s30 += p30 * factor;
                    factor = Vector256.Load(scales + 8);
                    s01 += p01 * factor;
                    s11 += p11 * factor;
                    s21 += p21 * factor;
                    s31 += p31 * factor;
                    scales += PanelRows;
                }

                group++;
            }

            Vector256<int> m00 = default, m01 = default, m10 = default, m11 = default;
            Vector256<int> m20 = default, m21 = default, m30 = default, m31 = default;
            if (OneGroup)
            {
                m00 = m01 = Vector256.Create((int)((short*)(input0 + sumsAt))[block]);
                m10 = m11 = Vector256.Create((int)((short*)(input1 + sumsAt))[block]);
                m20 = m21 = Vector256.Create((int)((short*)(input2 + sumsAt))[block]);
                m30 = m31 = Vector256.Create((int)((short*)(input3 + sumsAt))[block]);
                if (!TFormat.Affine)
                {
                    var offset = Vector256.Create(TFormat.Offset - ByteProducts.Shift<TFormat>());
                    s00 -= m00 * offset;
                    s01 -= m00 * offset;
                    s10 -= m10 * offset;
                    s11 -= m10 * offset;
                    s20 -= m20 * offset;
                    s21 -= m20 * offset;
                    s30 -= m30 * offset;
                    s31 -= m30 * offset;
                }
            }
            else
            {
                for (nint pair = firstGroup; pair < group; pair += 2)
                {
                    Vector256<short> w0 = Vector256.Load(minima);
                    Vector256<short> w1 = Vector256.Load(minima + PanelRows);
                    minima += 2 * PanelRows;
                    Vector256<short> x = Two(input0 + sumsAt + (pair * sizeof(short)));
                    m00 = ByteProducts.AddPairs(m00, w0, x);
                    m01 = ByteProducts.AddPairs(m01, w1, x);
                    x = Two(input1 + sumsAt + (pair * sizeof(short)));
                    m10 = ByteProducts.AddPairs(m10, w0, x);
                    m11 = ByteProducts.AddPairs(m11, w1, x);
                    x = Two(input2 + sumsAt + (pair * sizeof(short)));
                    m20 = ByteProducts.AddPairs(m20, w0, x);
                    m21 = ByteProducts.AddPairs(m21, w1, x);
                    x = Two(input3 + sumsAt + (pair * sizeof(short)));
                    m30 = ByteProducts.AddPairs(m30, w0, x);
                    m31 = ByteProducts.AddPairs(m31, w1, x);
                }

                if (!TFormat.Affine)
                {
                    s00 -= m00;
                    s01 -= m01;
                    s10 -= m10;
                    s11 -= m11;
                    s20 -= m20;
                    s21 -= m21;
                    s30 -= m30;
                    s31 -= m31;
                }
            }

            Vector256<float> d0 = Vector256.Load(blockScales);
            Vector256<float> d1 = Vector256.Load(blockScales + 8);
            blockScales += PanelRows;
            Vector256<float> y0 = Vector256.Create(((float*)(input0 + scalesAt))[block]);
            Vector256<float> y1 = Vector256.Create(((float*)(input1 + scalesAt))[block]);
            Vector256<float> y2 = Vector256.Create(((float*)(input2 + scalesAt))[block]);
            Vector256<float> y3 = Vector256.Create(((float*)(input3 + scalesAt))[block]);
            r00 = Fma.MultiplyAdd(Vector256.ConvertToSingle(s00), d0 * y0, r00);
            r01 = Fma.MultiplyAdd(Vector256.ConvertToSingle(s01), d1 * y0, r01);
            r10 = Fma.MultiplyAdd(Vector256.ConvertToSingle(s10), d0 * y1, r10);
            r11 = Fma.MultiplyAdd(Vector256.ConvertToSingle(s11), d1 * y1, r11);
            r20 = Fma.MultiplyAdd(Vector256.ConvertToSingle(s20), d0 * y2, r20);
            r21 = Fma.MultiplyAdd(Vector256.ConvertToSingle(s21), d1 * y2, r21);
            r30 = Fma.MultiplyAdd(Vector256.ConvertToSingle(s30), d0 * y3, r30);
            r31 = Fma.MultiplyAdd(Vector256.ConvertToSingle(s31), d1 * y3, r31);
            if (TFormat.Affine)
            {
                d0 = Vector256.Load(blockMinima);
                d1 = Vector256.Load(blockMinima + 8);
                blockMinima += PanelRows;
                r00 = Fma.MultiplyAddNegated(Vector256.ConvertToSingle(m00), d0 * y0, r00);
                r01 = Fma.MultiplyAddNegated(Vector256.ConvertToSingle(m01), d1 * y0, r01);
                r10 = Fma.MultiplyAddNegated(Vector256.ConvertToSingle(m10), d0 * y1, r10);
                r11 = Fma.MultiplyAddNegated(Vector256.ConvertToSingle(m11), d1 * y1, r11);
                r20 = Fma.MultiplyAddNegated(Vector256.ConvertToSingle(m20), d0 * y2, r20);
                r21 = Fma.MultiplyAddNegated(Vector256.ConvertToSingle(m21), d1 * y2, r21);
                r30 = Fma.MultiplyAddNegated(Vector256.ConvertToSingle(m30), d0 * y3, r30);
                r31 = Fma.MultiplyAddNegated(Vector256.ConvertToSingle(m31), d1 * y3, r31);
            }
        }

        results[0] = r00;
        results[1] = r01;
        results[2] = r10;
        results[3] = r11;
        results[4] = r20;
        results[5] = r21;
        results[6] = r30;
        results[7] = r31;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<sbyte> Four(byte* source) => Vector256.Create(*(int*)source).AsSByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Two(byte* source) => Vector256.Create(*(int*)source).AsInt16();

    /// <summary>Unpacks up to sixteen rows into a panel; past the last row that row again.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private static void Unpack(in MatrixJob job, int firstRow, int rowCount, byte* panel)
    {
        byte* values = stackalloc byte[PanelRows * Block];
        short* groupScales = stackalloc short[PanelRows * MostGroups];
        short* groupMinima = stackalloc short[PanelRows * MostGroups];
        byte** rows = stackalloc byte*[PanelRows];
        int columns = job.Projection.Weight.Columns;
        for (int r = 0; r < PanelRows; r++)
            rows[r] = job.Projection.Weight.Data + ((firstRow + Math.Min(r, rowCount - 1)) * job.Projection.Weight.RowBytes);

        var layout = new PanelLayout(columns);
        byte* weights = panel;
        var scales = (int*)(panel + layout.Scales);
        var minima = (int*)(panel + layout.Minima);
        var blockScales = (float*)(panel + layout.BlockScales);
        var blockMinima = (float*)(panel + layout.BlockMinima);
        for (int block = 0; block < columns / Block; block++)
        {
            for (int r = 0; r < PanelRows; r += 8)
            {
                TFormat.ToScales(Bits(
                    TFormat.ScaleBits(rows[r]), TFormat.ScaleBits(rows[r + 1]), TFormat.ScaleBits(rows[r + 2]), TFormat.ScaleBits(rows[r + 3]),
                    TFormat.ScaleBits(rows[r + 4]), TFormat.ScaleBits(rows[r + 5]), TFormat.ScaleBits(rows[r + 6]), TFormat.ScaleBits(rows[r + 7]))).Store(blockScales);
                blockScales += 8;
                if (TFormat.Affine)
                {
                    TFormat.ToScales(Bits(
                        TFormat.MinimumBits(rows[r]), TFormat.MinimumBits(rows[r + 1]), TFormat.MinimumBits(rows[r + 2]), TFormat.MinimumBits(rows[r + 3]),
                        TFormat.MinimumBits(rows[r + 4]), TFormat.MinimumBits(rows[r + 5]), TFormat.MinimumBits(rows[r + 6]), TFormat.MinimumBits(rows[r + 7]))).Store(blockMinima);
                    blockMinima += 8;
                }
            }

            for (int r = 0; r < PanelRows; r++)
            {
                UnpackValues(rows[r], values + (r * Block));
                if (!OneGroup)
                    TFormat.Groups(rows[r], groupScales + (r * MostGroups), groupMinima + (r * MostGroups));
                rows[r] += TFormat.BlockBytes;
            }

            for (int i = 0; i < Block; i += 32)
            {
                Transpose(values + i, weights + ((long)i * PanelRows));
                Transpose(values + (8 * Block) + i, weights + ((long)i * PanelRows) + 32);
            }

            weights += PanelRows * Block;
            if (OneGroup)
                continue;
            for (int g = 0; g < Block / Group; g++)
            {
                for (int r = 0; r < PanelRows; r++)
                    *scales++ = groupScales[(r * MostGroups) + g];
            }

            for (int g = 0; g < Block / Group; g += 2)
            {
                for (int r = 0; r < PanelRows; r++)
                {
                    int at = (r * MostGroups) + g;
                    int shift = ByteProducts.Shift<TFormat>();
                    var first = (short)(groupMinima[at] - (shift * groupScales[at]));
                    var second = (short)(groupMinima[at + 1] - (shift * groupScales[at + 1]));
                    *minima++ = (ushort)first | (second << 16);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void UnpackValues(byte* block, byte* values)
    {
        TFormat.Values(block, 0).Store(values);
        if (OneGroup)
            return;
        TFormat.Values(block, 1).Store(values + 32);
        TFormat.Values(block, 2).Store(values + 64);
        TFormat.Values(block, 3).Store(values + 96);
        TFormat.Values(block, 4).Store(values + 128);
        TFormat.Values(block, 5).Store(values + 160);
        TFormat.Values(block, 6).Store(values + 192);
        TFormat.Values(block, 7).Store(values + 224);
    }

    /// <summary>Eight rows of 32 bytes, <see cref="Block"/> apart, to eight registers of four columns of each row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose(byte* rows, byte* destination)
    {
        Vector256<int> r0 = Vector256.Load((int*)rows);
        Vector256<int> r1 = Vector256.Load((int*)(rows + Block));
        Vector256<int> r2 = Vector256.Load((int*)(rows + (2 * Block)));
        Vector256<int> r3 = Vector256.Load((int*)(rows + (3 * Block)));
        Vector256<int> r4 = Vector256.Load((int*)(rows + (4 * Block)));
        Vector256<int> r5 = Vector256.Load((int*)(rows + (5 * Block)));
        Vector256<int> r6 = Vector256.Load((int*)(rows + (6 * Block)));
        Vector256<int> r7 = Vector256.Load((int*)(rows + (7 * Block)));
        Vector256<long> a0 = Avx2.UnpackLow(r0, r1).AsInt64();
        Vector256<long> a1 = Avx2.UnpackHigh(r0, r1).AsInt64();
        Vector256<long> a2 = Avx2.UnpackLow(r2, r3).AsInt64();
        Vector256<long> a3 = Avx2.UnpackHigh(r2, r3).AsInt64();
        Vector256<long> a4 = Avx2.UnpackLow(r4, r5).AsInt64();
        Vector256<long> a5 = Avx2.UnpackHigh(r4, r5).AsInt64();
        Vector256<long> a6 = Avx2.UnpackLow(r6, r7).AsInt64();
        Vector256<long> a7 = Avx2.UnpackHigh(r6, r7).AsInt64();
        Vector256<long> b0 = Avx2.UnpackLow(a0, a2);
        Vector256<long> b1 = Avx2.UnpackHigh(a0, a2);
        Vector256<long> b2 = Avx2.UnpackLow(a1, a3);
        Vector256<long> b3 = Avx2.UnpackHigh(a1, a3);
        Vector256<long> b4 = Avx2.UnpackLow(a4, a6);
        Vector256<long> b5 = Avx2.UnpackHigh(a4, a6);
        Vector256<long> b6 = Avx2.UnpackLow(a5, a7);
        Vector256<long> b7 = Avx2.UnpackHigh(a5, a7);
        const int stride = PanelRows * 4;
        Avx2.Permute2x128(b0, b4, 0x20).Store((long*)destination);
        Avx2.Permute2x128(b1, b5, 0x20).Store((long*)(destination + stride));
        Avx2.Permute2x128(b2, b6, 0x20).Store((long*)(destination + (2 * stride)));
        Avx2.Permute2x128(b3, b7, 0x20).Store((long*)(destination + (3 * stride)));
        Avx2.Permute2x128(b0, b4, 0x31).Store((long*)(destination + (4 * stride)));
        Avx2.Permute2x128(b1, b5, 0x31).Store((long*)(destination + (5 * stride)));
        Avx2.Permute2x128(b2, b6, 0x31).Store((long*)(destination + (6 * stride)));
        Avx2.Permute2x128(b3, b7, 0x31).Store((long*)(destination + (7 * stride)));
    }
}
