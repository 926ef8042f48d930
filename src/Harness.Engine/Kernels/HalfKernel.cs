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

    // Before a panel's weights: what they are multiplied with when they are widened. A register's worth keeps them aligned.
    private const int HeaderBytes = 64;

    // An exponent of no finite number. BF16 is widened with whatever it holds.
    private const int AllOnes = 31;

    // Binary32's exponents begin so much further down than binary16's.
    private const int BiasDifference = 112;

    // Subnormal weights, which a multiplication is slow at, are none when they are kept 2^10 times as large: wherever the
    // largest has room for that.
    private const int Raise = 10;

    private static bool IsBF16 => typeof(TFormat) == typeof(BF16Format);

    /// <summary>Whether this machine's registers are wide enough for it to be the faster way.</summary>
    public static bool IsSupported => Avx2.IsSupported;

    public int InputBlock => 0;

    public bool InputWords => false;

    public long PackedBytes(int rows, int columns) => (rows + Rows - 1L) / Rows * PanelBytes(columns);

    public long ScratchFloats(int columns, int tokens) => tokens == 1 ? 0 : (Rows * Piece) + (tokens * (long)Rows);

    public bool Pack(byte* stored, long rowBytes, int rows, int columns, byte* packed)
    {
        bool finite = true;
        for (int row = 0; row < rows; row += Rows)
        {
            byte* first = stored + (row * rowBytes);
            int count = Math.Min(Rows, rows - row);
            int exponent = LargestExponent(first, rowBytes, count, columns);
            finite &= IsBF16 || exponent < AllOnes;
            bool raised = !IsBF16 && exponent + Raise < AllOnes;
            *(float*)packed = MathF.ScaleB(1, BiasDifference - (raised ? Raise : 0));
            HalfPanel.Pack(first, rowBytes, count, columns, raised ? Raise : 0, (ushort*)(packed + HeaderBytes));
            packed += PanelBytes(columns);
        }

        return finite;
    }

    public void UnpackRow(byte* row, int columns, float* destination) =>
        TFormat.Decode(new ReadOnlySpan<byte>(row, columns * sizeof(ushort)), new Span<float>(destination, columns));

    public void Multiply(in MatrixJob job, int firstRow, int rowCount, float* scratch)
    {
        int columns = job.Projection.Weight.Columns;
        byte* packed = job.Projection.Weight.Packed + PackedBytes(firstRow, columns);
        float raise = *(float*)packed;
        var panel = (ushort*)(packed + HeaderBytes);
        if (job.Tokens == 1)
        {
            float* sums = stackalloc float[Rows];
            OneToken(panel, columns, raise, job.Inputs, sums);
            Store(in job, 0, firstRow, rowCount, sums);
            return;
        }

        float* totals = scratch + (Rows * Piece);
        new Span<float>(totals, job.Tokens * Rows).Clear();
        for (int start = 0; start < columns; start += Piece)
        {
            int length = Math.Min(Piece, columns - start);
            Widen(panel + ((long)start * Rows), length, raise, scratch);
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
    private static void OneToken(ushort* panel, int columns, float raise, float* input, float* sums)
    {
        var factor = Vector256.Create(raise);
        Vector256<float> s0 = default, s1 = default, s2 = default, s3 = default;
        for (nint c = 0; c < columns; c++)
        {
            Sse.Prefetch0(panel + PrefetchDistance);
            var x = Vector256.Create(input[c]);
            s0 = Vector256.MultiplyAddEstimate(Eight(panel, factor), x, s0);
            s1 = Vector256.MultiplyAddEstimate(Eight(panel + 8, factor), x, s1);
            s2 = Vector256.MultiplyAddEstimate(Eight(panel + 16, factor), x, s2);
            s3 = Vector256.MultiplyAddEstimate(Eight(panel + 24, factor), x, s3);
            panel += Rows;
        }

        s0.Store(sums);
        s1.Store(sums + 8);
        s2.Store(sums + 16);
        s3.Store(sums + 24);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Widen(ushort* panel, int columns, float raise, float* widened)
    {
        var factor = Vector256.Create(raise);
        for (nint i = 0; i < columns * Rows; i += 8)
            Eight(panel + i, factor).Store(widened + i);
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
    private static Vector256<float> Eight(ushort* source, Vector256<float> factor)
    {
        if (IsBF16)
            return (Avx2.ConvertToVector256Int32(source) << 16).AsSingle();

        // Sign, exponent and significand where binary32 has them; what is no finite number was refused when it was packed.
        Vector256<int> wide = Avx2.ConvertToVector256Int32((short*)source);
        return ((wide << 13) & Vector256.Create(unchecked((int)0x8FFFE000))).AsSingle() * factor;
    }
    private static long PanelBytes(int columns) => HeaderBytes + ((long)Rows * columns * sizeof(ushort));

    /// <summary>The largest exponent, as it is stored.</summary>
    private static int LargestExponent(byte* rows, long rowBytes, int count, int columns)
    {
        if (IsBF16)
            return 0;
        ushort largest = 0;
        for (int row = 0; row < count; row++)
        {
            var values = new ReadOnlySpan<ushort>(rows + (row * rowBytes), columns);
            Vector256<ushort> most = default;
            int c = 0;
            for (; c + 16 <= columns; c += 16)
                most = Vector256.Max(most, Vector256.Create(values[c..]) & Vector256.Create((ushort)0x7FFF));
            for (int lane = 0; lane < 16; lane++)
                largest = Math.Max(largest, most[lane]);
            for (; c < columns; c++)
                largest = Math.Max(largest, (ushort)(values[c] & 0x7FFF));
        }

        return largest >> 10;
    }
}
