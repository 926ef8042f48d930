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
        byte* values = stackalloc byte[VectorRows * Block];
        short* scales = stackalloc short[VectorRows * MostGroups];
        short* minima = stackalloc short[VectorRows * MostGroups];
        float* blockScales = stackalloc float[VectorRows];
        float* blockMinima = stackalloc float[VectorRows];
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
        for (int block = 0; block < blocks; block++)
        {
            for (int r = 0; r < VectorRows; r++)
            {
                blockScales[r] = TFormat.UnpackIntegers(
                    rows[r], values + (r * Block), scales + (r * MostGroups), minima + (r * MostGroups), out blockMinima[r]);
                rows[r] += TFormat.BlockBytes;
            }

            Vector256<int> products = ByteProducts.Sums(
                OfRow(values, scales, minima, input, sums),
                OfRow(values + Block, scales + MostGroups, minima + MostGroups, input, sums),
                OfRow(values + (2 * Block), scales + (2 * MostGroups), minima + (2 * MostGroups), input, sums),
                OfRow(values + (3 * Block), scales + (3 * MostGroups), minima + (3 * MostGroups), input, sums),
                OfRow(values + (4 * Block), scales + (4 * MostGroups), minima + (4 * MostGroups), input, sums),
                OfRow(values + (5 * Block), scales + (5 * MostGroups), minima + (5 * MostGroups), input, sums),
                OfRow(values + (6 * Block), scales + (6 * MostGroups), minima + (6 * MostGroups), input, sums),
                OfRow(values + (7 * Block), scales + (7 * MostGroups), minima + (7 * MostGroups), input, sums));
            if (OneGroup && (TFormat.Offset != ByteProducts.Shift<TFormat>()))
                products -= Vector256.Create((TFormat.Offset - ByteProducts.Shift<TFormat>()) * *sums);

            var inputScale = Vector256.Create(inputScales[block]);
            result = Fma.MultiplyAdd(
                Vector256.ConvertToSingle(products), Vector256.Load(blockScales) * inputScale, result);
            if (TFormat.Affine)
            {
                Vector256<int> minimum = OneGroup ? Vector256.Create((int)*sums) : MinimaOfRows(minima, sums);
                result = Fma.MultiplyAddNegated(
                    Vector256.ConvertToSingle(minimum), Vector256.Load(blockMinima) * inputScale, result);
            }

            input += Block;
            sums += Block / Group;
        }

        return result;
    }

    /// <summary>One row's block times the input's: partial sums, in which every group is multiplied with its scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> OfRow(byte* values, short* scales, short* minima, byte* input, short* sums)
    {
        if (OneGroup)
            return ByteProducts.Add<TFormat>(Vector256<int>.Zero, Vector256.Load(values), Vector256.Load((sbyte*)input));

        Vector256<int> sum = Vector256<int>.Zero;
        for (int i = 0; i < Block; i += 32)
        {
            Vector256<byte> weights = Vector256.Load(values + i);
            Vector256<sbyte> inputs = Vector256.Load((sbyte*)(input + i));
            if (TFormat.Wide)
            {
                // Products of two no longer fit 16 bits.
                Vector256<int> products = ByteProducts.Add<TFormat>(Vector256<int>.Zero, weights, inputs);
                sum += products * (Group == 32
                    ? Vector256.Create((int)scales[i / 32])
                    : Vector256.Create(Vector128.Create((int)scales[i / 16]), Vector128.Create((int)scales[(i / 16) + 1])));
            }
            else
            {
                Vector256<short> factors = Group == 32
                    ? Vector256.Create(scales[i / 32])
                    : Vector256.Create(Vector128.Create(scales[i / 16]), Vector128.Create(scales[(i / 16) + 1]));
                sum = ByteProducts.AddPairs(sum, Avx2.MultiplyAddAdjacent(weights, inputs), factors);
            }
        }

        return TFormat.Affine ? sum : sum - OfMinima(minima, sums, scales);
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
