using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Harness.Formats.Tensors;

namespace Harness.Engine.Kernels;

/// <summary>
/// Matrix × vector and matrix × panel for weights of 16 bits that are floats: F16 and BF16. Weights are kept as panels of
/// 32 rows, column after column, so that no sum crosses lanes; a token's 32 outputs are four registers.
/// </summary>
/// <remarks>Order of every sum: columns ascending, one multiply-add each, for one token as for many.</remarks>
internal sealed unsafe class HalfKernel<TFormat> : IMatrixKernel
    where TFormat : struct, ITensorFormat<TFormat>
{
    private const int Rows = MatrixKernels.RowsPerItem;

    // Widened to float32, a piece of 32 rows fits a core's second cache with room.
    private const int Piece = 512;

    // One token's weights are read once, straight ahead, faster than the processor's own prefetching follows across pages.
    private const int PrefetchDistance = 2048;

    // All ones is an exponent of no finite number. BF16 is widened with whatever it holds.
    private const ushort Exponent = 0x7C00;

    private static bool IsBF16 => typeof(TFormat) == typeof(BF16Format);

    /// <summary>Whether this machine's registers are wide enough for it to be the faster way.</summary>
    public static bool IsSupported => Avx2.IsSupported;

    public int InputBlock => 0;

    public long PackedBytes(int rows, int columns) => (rows + Rows - 1L) / Rows * Rows * columns * sizeof(ushort);

    public long ScratchFloats(int columns, int tokens) => tokens == 1 ? 0 : (Rows * Piece) + (tokens * (long)Rows);

    public bool Pack(byte* stored, long rowBytes, int rows, int columns, byte* packed)
    {
        var target = (ushort*)packed;
        bool finite = true;
        int steps = columns - (columns % 8);
        for (int row = 0; row < rows; row += Rows)
        {
            // Past the last row that row again; its products are dropped.
            for (int r = 0; r < Rows; r += 8)
            {
                byte* first = stored + (Math.Min(row + r, rows - 1) * rowBytes);
                long step = rowBytes;
                if (row + r + 8 > rows)
                {
                    for (int i = 0; i < 8; i++)
                        finite &= PackRow((ushort*)(stored + (Math.Min(row + r + i, rows - 1) * rowBytes)), columns, target + r + i);
                    continue;
                }

                for (int c = 0; c < steps; c += 8)
                    finite &= Transpose(first + (c * sizeof(ushort)), step, target + ((long)c * Rows) + r);
                for (int c = steps; c < columns; c++)
                {
                    for (int i = 0; i < 8; i++)
                    {
                        ushort value = ((ushort*)(first + (i * step)))[c];
                        target[((long)c * Rows) + r + i] = value;
                        finite &= IsFinite(value);
                    }
                }
            }

            target += (long)Rows * columns;
        }

        return finite;
    }

    public void UnpackRow(byte* row, int columns, float* destination) =>
        TFormat.Decode(new ReadOnlySpan<byte>(row, columns * sizeof(ushort)), new Span<float>(destination, columns));

    public void Multiply(in MatrixJob job, int firstRow, int rowCount, float* scratch)
    {
        int columns = job.Projection.Weight.Columns;
        var panel = (ushort*)(job.Projection.Weight.Packed + PackedBytes(firstRow, columns));
        if (job.Tokens == 1)
        {
            float* sums = stackalloc float[Rows];
            OneToken(panel, columns, job.Inputs, sums);
            Store(in job, 0, firstRow, rowCount, sums);
            return;
        }

        float* totals = scratch + (Rows * Piece);
        new Span<float>(totals, job.Tokens * Rows).Clear();
        for (int start = 0; start < columns; start += Piece)
        {
            int length = Math.Min(Piece, columns - start);
            Widen(panel + ((long)start * Rows), length, scratch);
            int token = 0;
            for (; token + 1 < job.Tokens; token += 2)
            {
                float* input = job.Inputs + ((long)token * job.InputStride) + start;
                TwoTokens(scratch, length, input, input + job.InputStride, totals + (token * Rows));
            }

            if (token < job.Tokens)
            {
                float* input = job.Inputs + ((long)token * job.InputStride) + start;
                LastToken(scratch, length, input, totals + (token * Rows));
            }
        }

        for (int token = 0; token < job.Tokens; token++)
            Store(in job, token, firstRow, rowCount, totals + (token * Rows));
    }

    private static void Store(in MatrixJob job, int token, int firstRow, int rowCount, float* sums)
    {
        for (int row = 0; row < rowCount; row += 8)
            job.StoreEight(token, firstRow + row, Math.Min(8, rowCount - row), Vector256.Load(sums + row));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OneToken(ushort* panel, int columns, float* input, float* sums)
    {
        Vector256<float> s0 = default, s1 = default, s2 = default, s3 = default;
        for (nint c = 0; c < columns; c++)
        {
            Sse.Prefetch0(panel + PrefetchDistance);
            var x = Vector256.Create(input[c]);
            s0 = Vector256.MultiplyAddEstimate(Eight(panel), x, s0);
            s1 = Vector256.MultiplyAddEstimate(Eight(panel + 8), x, s1);
            s2 = Vector256.MultiplyAddEstimate(Eight(panel + 16), x, s2);
            s3 = Vector256.MultiplyAddEstimate(Eight(panel + 24), x, s3);
            panel += Rows;
        }

        s0.Store(sums);
        s1.Store(sums + 8);
        s2.Store(sums + 16);
        s3.Store(sums + 24);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Widen(ushort* panel, int columns, float* widened)
    {
        for (nint i = 0; i < columns * Rows; i += 8)
            Eight(panel + i).Store(widened + i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TwoTokens(float* weights, int columns, float* input, float* other, float* totals)
    {
        Vector256<float> s00 = Vector256.Load(totals), s01 = Vector256.Load(totals + 8);
        Vector256<float> s02 = Vector256.Load(totals + 16), s03 = Vector256.Load(totals + 24);
        Vector256<float> s10 = Vector256.Load(totals + 32), s11 = Vector256.Load(totals + 40);
        Vector256<float> s12 = Vector256.Load(totals + 48), s13 = Vector256.Load(totals + 56);
        for (nint c = 0; c < columns; c++)
        {
            Vector256<float> w0 = Vector256.Load(weights);
            Vector256<float> w1 = Vector256.Load(weights + 8);
            Vector256<float> w2 = Vector256.Load(weights + 16);
            Vector256<float> w3 = Vector256.Load(weights + 24);
            weights += Rows;
            var x = Vector256.Create(input[c]);
            s00 = Vector256.MultiplyAddEstimate(w0, x, s00);
            s01 = Vector256.MultiplyAddEstimate(w1, x, s01);
            s02 = Vector256.MultiplyAddEstimate(w2, x, s02);
            s03 = Vector256.MultiplyAddEstimate(w3, x, s03);
            x = Vector256.Create(other[c]);
            s10 = Vector256.MultiplyAddEstimate(w0, x, s10);
            s11 = Vector256.MultiplyAddEstimate(w1, x, s11);
            s12 = Vector256.MultiplyAddEstimate(w2, x, s12);
            s13 = Vector256.MultiplyAddEstimate(w3, x, s13);
        }

        s00.Store(totals);
        s01.Store(totals + 8);
        s02.Store(totals + 16);
        s03.Store(totals + 24);
        s10.Store(totals + 32);
        s11.Store(totals + 40);
        s12.Store(totals + 48);
        s13.Store(totals + 56);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void LastToken(float* weights, int columns, float* input, float* totals)
    {
        Vector256<float> s0 = Vector256.Load(totals), s1 = Vector256.Load(totals + 8);
        Vector256<float> s2 = Vector256.Load(totals + 16), s3 = Vector256.Load(totals + 24);
        for (nint c = 0; c < columns; c++)
        {
            var x = Vector256.Create(input[c]);
            s0 = Vector256.MultiplyAddEstimate(Vector256.Load(weights), x, s0);
            s1 = Vector256.MultiplyAddEstimate(Vector256.Load(weights + 8), x, s1);
            s2 = Vector256.MultiplyAddEstimate(Vector256.Load(weights + 16), x, s2);
            s3 = Vector256.MultiplyAddEstimate(Vector256.Load(weights + 24), x, s3);
            weights += Rows;
        }

        s0.Store(totals);
        s1.Store(totals + 8);
        s2.Store(totals + 16);
        s3.Store(totals + 24);
    }

    /// <summary>Eight weights as float32, exactly.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Eight(ushort* source)
    {
        if (IsBF16)
            return (Vector256.WidenLower(Vector128.Load(source).ToVector256Unsafe()) << 16).AsSingle();

        // Sign, exponent and significand where binary32 has them; its exponents begin 112 further down. Subnormal values
        // come out right too; what is no finite number was refused when it was packed.
        Vector256<int> wide = Vector256.WidenLower(Vector128.Load((short*)source).ToVector256Unsafe());
        Vector256<int> small = (wide << 13) & Vector256.Create(unchecked((int)0x8FFFE000));
        return small.AsSingle() * Vector256.Create(5.192296858534828e33f);
    }

    private static bool IsFinite(ushort value) => IsBF16 || (value & Exponent) != Exponent;

    private static bool PackRow(ushort* row, int columns, ushort* target)
    {
        bool finite = true;
        for (int c = 0; c < columns; c++)
        {
            target[(long)c * Rows] = row[c];
            finite &= IsFinite(row[c]);
        }

        return finite;
    }

    /// <summary>Eight rows of eight 16-bit values to eight columns; whether all are finite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool Transpose(byte* rows, long step, ushort* target)
    {
        Vector128<ushort> r0 = Vector128.Load((ushort*)rows);
        Vector128<ushort> r1 = Vector128.Load((ushort*)(rows + step));
        Vector128<ushort> r2 = Vector128.Load((ushort*)(rows + (2 * step)));
        Vector128<ushort> r3 = Vector128.Load((ushort*)(rows + (3 * step)));
        Vector128<ushort> r4 = Vector128.Load((ushort*)(rows + (4 * step)));
        Vector128<ushort> r5 = Vector128.Load((ushort*)(rows + (5 * step)));
        Vector128<ushort> r6 = Vector128.Load((ushort*)(rows + (6 * step)));
        Vector128<ushort> r7 = Vector128.Load((ushort*)(rows + (7 * step)));
        Vector128<uint> a0 = Sse2.UnpackLow(r0, r1).AsUInt32();
        Vector128<uint> a1 = Sse2.UnpackHigh(r0, r1).AsUInt32();
        Vector128<uint> a2 = Sse2.UnpackLow(r2, r3).AsUInt32();
        Vector128<uint> a3 = Sse2.UnpackHigh(r2, r3).AsUInt32();
        Vector128<uint> a4 = Sse2.UnpackLow(r4, r5).AsUInt32();
        Vector128<uint> a5 = Sse2.UnpackHigh(r4, r5).AsUInt32();
        Vector128<uint> a6 = Sse2.UnpackLow(r6, r7).AsUInt32();
        Vector128<uint> a7 = Sse2.UnpackHigh(r6, r7).AsUInt32();
        Columns(a0, a2, a4, a6, target);
        Columns(a1, a3, a5, a7, target + (4 * Rows));
        if (IsBF16)
            return true;
        Vector128<ushort> exponent = Vector128.Create(Exponent);
        Vector128<ushort> special = Vector128.Equals(r0 & exponent, exponent) | Vector128.Equals(r1 & exponent, exponent)
            | Vector128.Equals(r2 & exponent, exponent) | Vector128.Equals(r3 & exponent, exponent)
            | Vector128.Equals(r4 & exponent, exponent) | Vector128.Equals(r5 & exponent, exponent)
            | Vector128.Equals(r6 & exponent, exponent) | Vector128.Equals(r7 & exponent, exponent);
        return special == Vector128<ushort>.Zero;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Columns(Vector128<uint> a, Vector128<uint> b, Vector128<uint> c, Vector128<uint> d, ushort* target)
    {
        Vector128<ulong> ab = Sse2.UnpackLow(a, b).AsUInt64();
        Vector128<ulong> cd = Sse2.UnpackLow(c, d).AsUInt64();
        Sse2.UnpackLow(ab, cd).Store((ulong*)target);
        Sse2.UnpackHigh(ab, cd).Store((ulong*)(target + Rows));
        ab = Sse2.UnpackHigh(a, b).AsUInt64();
        cd = Sse2.UnpackHigh(c, d).AsUInt64();
        Sse2.UnpackLow(ab, cd).Store((ulong*)(target + (2 * Rows)));
        Sse2.UnpackHigh(ab, cd).Store((ulong*)(target + (3 * Rows)));
    }
}
