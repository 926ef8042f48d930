using System.Runtime.CompilerServices;
using Harness.Formats.Tensors;

namespace Harness.Engine.Kernels;

/// <summary>
/// Matrix × vector and matrix × panel for any format and register width: weights are unpacked to float32 in scratch
/// that fits a core's cache, then multiplied in tiles that fit its registers. A matrix times one token unpacks four
/// rows piece by piece; a panel unpacks a whole item of rows once and passes all its tokens over them.
/// </summary>
/// <remarks>
/// Order of every sum: one register of partial sums, column c in lane c mod width, columns ascending; then the lanes
/// folded by <see cref="ILanes{TSelf}.Sum"/>. Pieces and tiles only choose which sums advance together.
/// </remarks>
internal sealed unsafe class MatrixKernel<TFormat, TLanes> : IMatrixKernel
    where TFormat : struct, ITensorFormat<TFormat>
    where TLanes : struct, ILanes<TLanes>
{
    private const int TileRows = 4;

    // The loops are compiled optimized at their first call: a probe model's whole run is over before tiers would change.

    // Four rows of it and the input's piece stay in the first-level cache.
    private const int Piece = 1024;

    public int InputBlock => 0;

    public bool InputWords => false;

    public long ScratchFloats(int columns, int tokens) => tokens == 1
        ? TileRows * (long)Piece
        : MatrixKernels.RowsPerItem * (long)MatrixKernels.Pad(columns);

    public long PackedBytes(int rows, int columns) => 0;

    public bool Pack(byte* stored, long rowBytes, int rows, int columns, byte* packed) => true;

    public void Multiply(in MatrixJob job, int firstRow, int rowCount, float* scratch)
    {
        if (job.Tokens == 1)
            MultiplyVector(in job, firstRow, rowCount, scratch);
        else
            MultiplyPanel(in job, firstRow, rowCount, scratch);
    }

    public void UnpackRow(byte* row, int columns, float* destination) => Unpack(row, columns, destination);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyVector(in MatrixJob job, int firstRow, int rowCount, float* scratch)
    {
        int columns = job.Projection.Weight.Columns;
        long rowBytes = job.Projection.Weight.RowBytes;
        byte* rows = job.Projection.Weight.Data + (firstRow * rowBytes);
        for (int row = 0; row < rowCount; row += TileRows)
        {
            // Past the last row the tile computes that row again and drops the result.
            int last = rowCount - 1 - row;
            byte* row0 = rows + (row * rowBytes);
            byte* row1 = row0 + (Math.Min(1, last) * rowBytes);
            byte* row2 = row0 + (Math.Min(2, last) * rowBytes);
            byte* row3 = row0 + (Math.Min(3, last) * rowBytes);
            TLanes sum0 = TLanes.Zero, sum1 = TLanes.Zero, sum2 = TLanes.Zero, sum3 = TLanes.Zero;
            for (int start = 0; start < columns; start += Piece)
            {
                int length = Math.Min(Piece, columns - start);
                int padded = MatrixKernels.Pad(length);
                long offset = (long)start / TFormat.BlockLength * TFormat.BlockBytes;
                float* weight0 = Unpacked(row0 + offset, length, scratch);
                float* weight1 = Unpacked(row1 + offset, length, scratch + Piece);
                float* weight2 = Unpacked(row2 + offset, length, scratch + (2 * Piece));
                float* weight3 = Unpacked(row3 + offset, length, scratch + (3 * Piece));
                float* input = job.Inputs + start;
                for (int c = 0; c < padded; c += TLanes.Count)
                {
                    TLanes x = TLanes.Load(input + c);
                    sum0 = TLanes.MultiplyAdd(TLanes.Load(weight0 + c), x, sum0);
                    sum1 = TLanes.MultiplyAdd(TLanes.Load(weight1 + c), x, sum1);
                    sum2 = TLanes.MultiplyAdd(TLanes.Load(weight2 + c), x, sum2);
                    sum3 = TLanes.MultiplyAdd(TLanes.Load(weight3 + c), x, sum3);
                }
            }

            int output = firstRow + row;
            job.Store(0, output, TLanes.Sum(sum0));
            if (last >= 1)
                job.Store(0, output + 1, TLanes.Sum(sum1));
            if (last >= 2)
                job.Store(0, output + 2, TLanes.Sum(sum2));
            if (last >= 3)
                job.Store(0, output + 3, TLanes.Sum(sum3));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyPanel(in MatrixJob job, int firstRow, int rowCount, float* scratch)
    {
        int columns = job.Projection.Weight.Columns;
        int padded = MatrixKernels.Pad(columns);
        long rowBytes = job.Projection.Weight.RowBytes;
        byte* rows = job.Projection.Weight.Data + (firstRow * rowBytes);
        float** weights = stackalloc float*[MatrixKernels.RowsPerItem];
        for (int row = 0; row < rowCount; row++)
            weights[row] = Unpacked(rows + (row * rowBytes), columns, scratch + ((long)row * padded));

        // With 32 registers a tile of 4 × 4 sums keeps its operands in registers too; with 16, 4 × 2 does.
        int token = 0;
        if (TLanes.Count == 16)
        {
            for (; token + 4 <= job.Tokens; token += 4)
            {
                for (int row = 0; row < rowCount; row += TileRows)
                    TileOfFour(in job, firstRow, row, rowCount, token, weights, padded);
            }
        }

        for (; token < job.Tokens; token += 2)
        {
            for (int row = 0; row < rowCount; row += TileRows)
                TileOfTwo(in job, firstRow, row, rowCount, token, weights, padded);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TileOfFour(
        in MatrixJob job, int firstRow, int row, int rowCount, int token, float** weights, int padded)
    {
        int last = rowCount - 1 - row;
        float* weight0 = weights[row];
        float* weight1 = weights[row + Math.Min(1, last)];
        float* weight2 = weights[row + Math.Min(2, last)];
        float* weight3 = weights[row + Math.Min(3, last)];
        float* input0 = job.Inputs + ((long)token * job.InputStride);
        float* input1 = input0 + job.InputStride;
        float* input2 = input1 + job.InputStride;
        float* input3 = input2 + job.InputStride;
        TLanes s00 = TLanes.Zero, s01 = TLanes.Zero, s02 = TLanes.Zero, s03 = TLanes.Zero;
        TLanes s10 = TLanes.Zero, s11 = TLanes.Zero, s12 = TLanes.Zero, s13 = TLanes.Zero;
        TLanes s20 = TLanes.Zero, s21 = TLanes.Zero, s22 = TLanes.Zero, s23 = TLanes.Zero;
        TLanes s30 = TLanes.Zero, s31 = TLanes.Zero, s32 = TLanes.Zero, s33 = TLanes.Zero;
        for (nint c = 0; c < padded; c += TLanes.Count)
        {
            TLanes x0 = TLanes.Load(input0 + c);
            TLanes x1 = TLanes.Load(input1 + c);
            TLanes x2 = TLanes.Load(input2 + c);
            TLanes x3 = TLanes.Load(input3 + c);
            TLanes w = TLanes.Load(weight0 + c);
            s00 = TLanes.MultiplyAdd(w, x0, s00);
            s01 = TLanes.MultiplyAdd(w, x1, s01);
            s02 = TLanes.MultiplyAdd(w, x2, s02);
            s03 = TLanes.MultiplyAdd(w, x3, s03);
            w = TLanes.Load(weight1 + c);
            s10 = TLanes.MultiplyAdd(w, x0, s10);
            s11 = TLanes.MultiplyAdd(w, x1, s11);
            s12 = TLanes.MultiplyAdd(w, x2, s12);
            s13 = TLanes.MultiplyAdd(w, x3, s13);
            w = TLanes.Load(weight2 + c);
            s20 = TLanes.MultiplyAdd(w, x0, s20);
            s21 = TLanes.MultiplyAdd(w, x1, s21);
            s22 = TLanes.MultiplyAdd(w, x2, s22);
            s23 = TLanes.MultiplyAdd(w, x3, s23);
            w = TLanes.Load(weight3 + c);
            s30 = TLanes.MultiplyAdd(w, x0, s30);
            s31 = TLanes.MultiplyAdd(w, x1, s31);
            s32 = TLanes.MultiplyAdd(w, x2, s32);
            s33 = TLanes.MultiplyAdd(w, x3, s33);
        }

        row += firstRow;
        StoreFour(in job, row, token, s00, s01, s02, s03);
        if (last >= 1)
            StoreFour(in job, row + 1, token, s10, s11, s12, s13);
        if (last >= 2)
            StoreFour(in job, row + 2, token, s20, s21, s22, s23);
        if (last >= 3)
            StoreFour(in job, row + 3, token, s30, s31, s32, s33);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TileOfTwo(
        in MatrixJob job, int firstRow, int row, int rowCount, int token, float** weights, int padded)
    {
        int last = rowCount - 1 - row;
        int lastToken = Math.Min(1, job.Tokens - 1 - token);
        float* weight0 = weights[row];
        float* weight1 = weights[row + Math.Min(1, last)];
        float* weight2 = weights[row + Math.Min(2, last)];
        float* weight3 = weights[row + Math.Min(3, last)];
        float* input0 = job.Inputs + ((long)token * job.InputStride);
        float* input1 = input0 + (lastToken * job.InputStride);
        TLanes s00 = TLanes.Zero, s01 = TLanes.Zero, s10 = TLanes.Zero, s11 = TLanes.Zero;
        TLanes s20 = TLanes.Zero, s21 = TLanes.Zero, s30 = TLanes.Zero, s31 = TLanes.Zero;
        for (nint c = 0; c < padded; c += TLanes.Count)
        {
            TLanes x0 = TLanes.Load(input0 + c);
            TLanes x1 = TLanes.Load(input1 + c);
            TLanes w = TLanes.Load(weight0 + c);
            s00 = TLanes.MultiplyAdd(w, x0, s00);
            s01 = TLanes.MultiplyAdd(w, x1, s01);
            w = TLanes.Load(weight1 + c);
            s10 = TLanes.MultiplyAdd(w, x0, s10);
            s11 = TLanes.MultiplyAdd(w, x1, s11);
            w = TLanes.Load(weight2 + c);
            s20 = TLanes.MultiplyAdd(w, x0, s20);
            s21 = TLanes.MultiplyAdd(w, x1, s21);
            w = TLanes.Load(weight3 + c);
            s30 = TLanes.MultiplyAdd(w, x0, s30);
            s31 = TLanes.MultiplyAdd(w, x1, s31);
        }

        row += firstRow;
        StoreTwo(in job, row, token, lastToken, s00, s01);
        if (last >= 1)
            StoreTwo(in job, row + 1, token, lastToken, s10, s11);
        if (last >= 2)
            StoreTwo(in job, row + 2, token, lastToken, s20, s21);
        if (last >= 3)
            StoreTwo(in job, row + 3, token, lastToken, s30, s31);
    }

    private static void StoreFour(in MatrixJob job, int row, int token, TLanes sum0, TLanes sum1, TLanes sum2, TLanes sum3)
    {
        job.Store(token, row, TLanes.Sum(sum0));
        job.Store(token + 1, row, TLanes.Sum(sum1));
        job.Store(token + 2, row, TLanes.Sum(sum2));
        job.Store(token + 3, row, TLanes.Sum(sum3));
    }

    private static void StoreTwo(in MatrixJob job, int row, int token, int lastToken, TLanes sum0, TLanes sum1)
    {
        job.Store(token, row, TLanes.Sum(sum0));
        if (lastToken >= 1)
            job.Store(token + 1, row, TLanes.Sum(sum1));
    }

    /// <summary>The values of a part of a row, zero-padded; float32 rows that need no padding are used where they lie.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float* Unpacked(byte* source, int length, float* scratch)
    {
        if (typeof(TFormat) == typeof(F32Format) && BitConverter.IsLittleEndian && length % MatrixKernels.Padding == 0)
            return (float*)source;

        Unpack(source, length, scratch);
        for (int i = length; i < MatrixKernels.Pad(length); i++)
            scratch[i] = 0;
        return scratch;
    }

    private static void Unpack(byte* source, int length, float* destination) => TFormat.Decode(
        new ReadOnlySpan<byte>(source, length / TFormat.BlockLength * TFormat.BlockBytes),
        new Span<float>(destination, length));
}
