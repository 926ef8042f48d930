using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Harness.Formats.Tensors;

namespace Harness.Engine.Kernels.Integer;

/// <summary>
/// Matrix × vector and matrix × panel in integers, for any block-quantized format: blocks of weights are unpacked to
/// bytes in scratch that fits a core's first cache, multiplied with the bytes of the activations, and scaled once a block.
/// </summary>
/// <remarks>
/// Order of every sum: within a block everything is exact in 32-bit integers; blocks ascending, each one float32
/// multiply-add, then one more for the minima of affine formats. One token and many take different tiles and the same
/// order.
/// </remarks>
internal sealed unsafe partial class IntegerKernel<TFormat> : IMatrixKernel
    where TFormat : struct, ITensorFormat<TFormat>, IIntegerFormat
{
    private const int MostGroups = 16;

    // Rows that one token is multiplied with at once: a register of results.
    private const int VectorRows = 8;

    private static int Block => TFormat.BlockLength;

    private static int Group => TFormat.GroupLength;

    private static bool OneGroup => TFormat.BlockLength == TFormat.GroupLength;

    public int InputBlock => TFormat.BlockLength;

    public long ScratchFloats(int columns, int tokens) => tokens == 1 ? 0 : PanelScratchFloats(columns);

    public void UnpackRow(byte* row, int columns, float* destination) => TFormat.Decode(
        new ReadOnlySpan<byte>(row, columns / TFormat.BlockLength * TFormat.BlockBytes), new Span<float>(destination, columns));

    public void Multiply(in MatrixJob job, int firstRow, int rowCount, float* scratch)
    {
        if (job.Tokens > 1)
        {
            MultiplyPanel(in job, firstRow, rowCount, scratch);
            return;
        }

        for (int row = 0; row < rowCount; row += VectorRows)
        {
            Vector256<float> sums = EightRows(in job, firstRow + row, Math.Min(VectorRows, rowCount - row));
            job.StoreEight(0, firstRow + row, Math.Min(VectorRows, rowCount - row), sums);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private static Vector256<float> EightRows(in MatrixJob job, int firstRow, int rowCount)
    {
        short* scales = stackalloc short[MostGroups];
        short* minima = stackalloc short[VectorRows * MostGroups];
        Vector256<int>* partial = stackalloc Vector256<int>[VectorRows];
        byte** rows = stackalloc byte*[VectorRows];
        int columns = job.Projection.Weight.Columns;
        long rowBytes = job.Projection.Weight.RowBytes;

        // Past the last row the tile computes that row again and drops the result.
        for (int r = 0; r < VectorRows; r++)
            rows[r] = job.Projection.Weight.Data + ((firstRow + Math.Min(r, rowCount - 1)) * rowBytes);

        byte* input = job.Integers;
        var inputScales = (float*)(input + IntegerRow.Scales(columns));
        var sums = (short*)(input + (Group == 16 ? IntegerRow.Sums16(columns, Block) : IntegerRow.Sums32(columns, Block)));
        Vector256<float> result = Vector256<float>.Zero;
        int blocks = columns / Block;
        long offset = 0;
        for (int block = 0; block < blocks; block++)
        {
            Vector256<int> products;
            if (OneGroup)
            {
                Vector256<sbyte> inputs = Vector256.Load((sbyte*)input);
                products = ByteProducts.Sums(
                    ByteProducts.Add<TFormat>(Vector256<int>.Zero, TFormat.Values(rows[0] + offset, 0), inputs),
                    ByteProducts.Add<TFormat>(Vector256<int>.Zero, TFormat.Values(rows[1] + offset, 0), inputs),
                    ByteProducts.Add<TFormat>(Vector256<int>.Zero, TFormat.Values(rows[2] + offset, 0), inputs),
                    ByteProducts.Add<TFormat>(Vector256<int>.Zero, TFormat.Values(rows[3] + offset, 0), inputs),
                    ByteProducts.Add<TFormat>(Vector256<int>.Zero, TFormat.Values(rows[4] + offset, 0), inputs),
                    ByteProducts.Add<TFormat>(Vector256<int>.Zero, TFormat.Values(rows[5] + offset, 0), inputs),
                    ByteProducts.Add<TFormat>(Vector256<int>.Zero, TFormat.Values(rows[6] + offset, 0), inputs),
                    ByteProducts.Add<TFormat>(Vector256<int>.Zero, TFormat.Values(rows[7] + offset, 0), inputs));
                if (!TFormat.Affine)
                    products -= Vector256.Create((TFormat.Offset - ByteProducts.Shift<TFormat>()) * *sums);
            }
            else
            {
                for (int r = 0; r < VectorRows; r++)
                    partial[r] = OfRow(rows[r] + offset, scales, minima + (r * MostGroups), input, sums);
                products = ByteProducts.Sums(
                    partial[0], partial[1], partial[2], partial[3], partial[4], partial[5], partial[6], partial[7]);
            }

            var inputScale = Vector256.Create(inputScales[block]);
            Vector256<float> blockScales = TFormat.ToScales(Bits(
                TFormat.ScaleBits(rows[0] + offset), TFormat.ScaleBits(rows[1] + offset), TFormat.ScaleBits(rows[2] + offset), TFormat.ScaleBits(rows[3] + offset),
                TFormat.ScaleBits(rows[4] + offset), TFormat.ScaleBits(rows[5] + offset), TFormat.ScaleBits(rows[6] + offset), TFormat.ScaleBits(rows[7] + offset)));
            result = Fma.MultiplyAdd(Vector256.ConvertToSingle(products), blockScales * inputScale, result);
            if (TFormat.Affine)
            {
                Vector256<int> minimum = OneGroup ? Vector256.Create((int)*sums) : MinimaOfRows(minima, sums);
                Vector256<float> blockMinima = TFormat.ToScales(Bits(
                    TFormat.MinimumBits(rows[0] + offset), TFormat.MinimumBits(rows[1] + offset), TFormat.MinimumBits(rows[2] + offset), TFormat.MinimumBits(rows[3] + offset),
                    TFormat.MinimumBits(rows[4] + offset), TFormat.MinimumBits(rows[5] + offset), TFormat.MinimumBits(rows[6] + offset), TFormat.MinimumBits(rows[7] + offset)));
                result = Fma.MultiplyAddNegated(Vector256.ConvertToSingle(minimum), blockMinima * inputScale, result);
            }

            offset += TFormat.BlockBytes;
            input += Block;
            sums += Block / Group;
        }

        return result;
    }

    // Words put together in pairs before they meet in a register: an eighth of the moves that one by one would take.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Bits(uint b0, uint b1, uint b2, uint b3, uint b4, uint b5, uint b6, uint b7) => Vector256.Create(
        b0 | ((ulong)b1 << 32), b2 | ((ulong)b3 << 32), b4 | ((ulong)b5 << 32), b6 | ((ulong)b7 << 32)).AsUInt32();

    /// <summary>One row's block times the input's: partial sums, in which every group is multiplied with its scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static Vector256<int> OfRow(byte* block, short* scales, short* minima, byte* input, short* sums)
    {
        TFormat.Groups(block, scales, minima);
        Vector256<int> sum = Vector256<int>.Zero;
        sum = OfThirtyTwo(sum, TFormat.Values(block, 0), input, scales, 0);
        sum = OfThirtyTwo(sum, TFormat.Values(block, 1), input, scales, 1);
        sum = OfThirtyTwo(sum, TFormat.Values(block, 2), input, scales, 2);
        sum = OfThirtyTwo(sum, TFormat.Values(block, 3), input, scales, 3);
        sum = OfThirtyTwo(sum, TFormat.Values(block, 4), input, scales, 4);
        sum = OfThirtyTwo(sum, TFormat.Values(block, 5), input, scales, 5);
        sum = OfThirtyTwo(sum, TFormat.Values(block, 6), input, scales, 6);
        sum = OfThirtyTwo(sum, TFormat.Values(block, 7), input, scales, 7);
        return TFormat.Affine ? sum : sum - OfMinima(minima, sums, scales);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> OfThirtyTwo(Vector256<int> sum, Vector256<byte> weights, byte* input, short* scales, int index)
    {
        Vector256<sbyte> inputs = Vector256.Load((sbyte*)(input + (index * 32)));
        if (TFormat.Wide)
        {
            // Products of two no longer fit 16 bits.
            Vector256<int> products = ByteProducts.Add<TFormat>(Vector256<int>.Zero, weights, inputs);
            return sum + (products * (Group == 32
                ? Vector256.Create((int)scales[index])
                : Vector256.Create(Vector128.Create((int)scales[2 * index]), Vector128.Create((int)scales[(2 * index) + 1]))));
        }

        Vector256<short> factors = Group == 32
            ? Vector256.Create(scales[index])
            : Vector256.Create(Vector128.Create(scales[2 * index]), Vector128.Create(scales[(2 * index) + 1]));
        return ByteProducts.AddPairs(sum, Avx2.MultiplyAddAdjacent(weights, inputs), factors);
    }

    /// <summary>Minima times the sums of the inputs, as partial sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> OfMinima(short* minima, short* sums, short* scales)
    {
        if (Block / Group == 8)
        {
            Vector128<short> eight = Vector128.Load(minima);
            if (ByteProducts.Shift<TFormat>() != 0)
                eight -= Vector128.Load(scales) * (short)ByteProducts.Shift<TFormat>();
            return Sse2.MultiplyAddAdjacent(eight, Vector128.Load(sums)).ToVector256();
        }

        Vector256<short> all = Vector256.Load(minima);
        if (ByteProducts.Shift<TFormat>() != 0)
            all -= Vector256.Load(scales) * (short)ByteProducts.Shift<TFormat>();
        return Avx2.MultiplyAddAdjacent(all, Vector256.Load(sums));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> MinimaOfRows(short* minima, short* sums) => ByteProducts.Sums(
        OfMinima(minima, sums, minima),
        OfMinima(minima + MostGroups, sums, minima),
        OfMinima(minima + (2 * MostGroups), sums, minima),
        OfMinima(minima + (3 * MostGroups), sums, minima),
        OfMinima(minima + (4 * MostGroups), sums, minima),
        OfMinima(minima + (5 * MostGroups), sums, minima),
        OfMinima(minima + (6 * MostGroups), sums, minima),
        OfMinima(minima + (7 * MostGroups), sums, minima));
}
