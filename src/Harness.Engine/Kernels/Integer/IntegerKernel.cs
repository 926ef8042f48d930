using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Harness.Formats.Tensors;

namespace Harness.Engine.Kernels.Integer;

/// <summary>
/// Matrix × vector and matrix × panel in integers, for any block-quantized format. Weights are kept as blocks of eight
/// rows (<see cref="OctetBlock{TFormat}"/>), a register holds four columns of them, and their bytes are multiplied with
/// those of the activations and scaled once a group and once a block.
/// </summary>
/// <remarks>
/// Order of every sum: within a block everything is exact in 32-bit integers; blocks ascending, each one float32
/// multiply-add, then one more for the minima of affine formats. One token and many take different paths and the same
/// order; so do processors with VNNI and without.
/// </remarks>
internal sealed unsafe partial class IntegerKernel<TFormat> : IMatrixKernel
    where TFormat : struct, ITensorFormat<TFormat>, IIntegerFormat
{
    private const int Rows = OctetBlock<TFormat>.Rows;

    // One token's weights are read once, straight ahead, faster than the processor's own prefetching follows across pages.
    private const int PrefetchDistance = 3072;

    private readonly TileForm form;
    private readonly bool fourAtOnce;

    /// <param name="form">How panels are multiplied. Null: as is fastest on this processor.</param>
    public IntegerKernel(TileForm? form = null)
    {
        this.form = form ?? (AvxVnni.IsSupported ? TileForm.Fours : Wide ? TileForm.Words : TileForm.Pairs);
        fourAtOnce = this.form == TileForm.Fours;
    }

    private static int Block
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TFormat.BlockLength;
    }

    private static int Group
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TFormat.GroupLength;
    }

    private static bool OneGroup
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => OctetBlock<TFormat>.OneGroup;
    }

    // Values beyond 127 are signed bytes.
    private static bool Wide
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TFormat.LargestValue > 127;
    }

    // Products of two columns summed, of which so many fit 16 bits.
    private static int QuadsInSum
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => short.MaxValue / (2 * 127 * TFormat.LargestValue);
    }

    private static int ChunkBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => QuadCodes.ChunkBytes(TFormat.CodeBits);
    }

    public int InputBlock => TFormat.BlockLength;

    public bool InputWords => form == TileForm.Words;

    public long PackedBytes(int rows, int columns) => (rows + Rows - 1L) / Rows * (columns / Block) * OctetBlock<TFormat>.Bytes;

    public long ScratchFloats(int columns, int tokens) =>
        tokens == 1 ? 0 : MatrixKernels.RowsPerItem / Rows * (InputWords ? LayoutOfWords(columns) : LayoutOf(columns)).Bytes / sizeof(float);

    public void UnpackRow(byte* row, int columns, float* destination) => TFormat.Decode(
        new ReadOnlySpan<byte>(row, columns / TFormat.BlockLength * TFormat.BlockBytes), new Span<float>(destination, columns));

    public bool Pack(byte* stored, long rowBytes, int rows, int columns, byte* packed)
    {
        byte** blocks = stackalloc byte*[Rows];
        bool finite = true;
        for (int row = 0; row < rows; row += Rows)
        {
            // Past the last row that row again; its products are dropped.
            for (int r = 0; r < Rows; r++)
                blocks[r] = stored + (Math.Min(row + r, rows - 1) * rowBytes);
            for (int block = 0; block < columns / Block; block++)
            {
                finite &= OctetBlock<TFormat>.Pack(blocks, packed);
                packed += OctetBlock<TFormat>.Bytes;
                for (int r = 0; r < Rows; r++)
                    blocks[r] += TFormat.BlockBytes;
            }
        }

        return finite;
    }

    public void Multiply(in MatrixJob job, int firstRow, int rowCount, float* scratch)
    {
        int columns = job.Projection.Weight.Columns;
        long octetBytes = (long)(columns / Block) * OctetBlock<TFormat>.Bytes;
        byte* octet = job.Projection.Weight.Packed + (firstRow / Rows * octetBytes);
        if (job.Tokens > 1)
        {
            if (form == TileForm.Words)
                MultiplyPanelOfWords(in job, octet, firstRow, rowCount, (byte*)scratch);
            else
                MultiplyPanel(in job, octet, firstRow, rowCount, (byte*)scratch);
            return;
        }

        for (int row = 0; row < rowCount; row += Rows)
        {
            Vector256<float> sums = OneGroup
                ? OneTokenOfBlocks(octet, job.Integers, columns)
                : OneTokenOfGroups(octet, job.Integers, columns);
            job.StoreEight(0, firstRow + row, Math.Min(Rows, rowCount - row), sums);
            octet += octetBytes;
        }
    }

    /// <summary>Eight rows of blocks that are one group.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Vector256<float> OneTokenOfBlocks(byte* octet, byte* input, int columns)
    {
        Vector256<float> result = Vector256<float>.Zero;
        var scales = (float*)(input + IntegerRow.Scales(columns));
        var sums = (int*)(input + IntegerRow.Sums(columns, Block, Group));
        int blocks = columns / Block;
        for (int block = 0; block < blocks; block++)
        {
            byte* codes = octet + OctetBlock<TFormat>.Codes;
            Vector256<int> products = Sixteen(Vector256<int>.Zero, codes, 0, input, Vector256<short>.One);
            products = Sixteen(products, codes, 4, input + 16, Vector256<short>.One);
            Vector256<int> minima = Vector256.Create(sums[block]);
            if (!TFormat.Affine && TFormat.Offset != 0)
                products -= minima * TFormat.Offset;
            var inputScale = Vector256.Create(scales[block]);
            result = Fma.MultiplyAdd(Vector256.ConvertToSingle(products), OctetBlock<TFormat>.Scales(octet) * inputScale, result);
            if (TFormat.Affine)
                result = Fma.MultiplyAddNegated(Vector256.ConvertToSingle(minima), OctetBlock<TFormat>.MinimumScales(octet) * inputScale, result);
            octet += OctetBlock<TFormat>.Bytes;
            input += QuadCodes.Columns;
        }

        return result;
    }

    /// <summary>Eight rows of blocks of several groups.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Vector256<float> OneTokenOfGroups(byte* octet, byte* input, int columns)
    {
        Vector256<float> result = Vector256<float>.Zero;
        var scales = (float*)(input + IntegerRow.Scales(columns));
        var sums = (short*)(input + IntegerRow.Sums(columns, Block, Group));
        int blocks = columns / Block;
        for (int block = 0; block < blocks; block++)
        {
            byte* codes = octet + OctetBlock<TFormat>.Codes;
            Vector256<int> products = Vector256<int>.Zero;
            Vector256<int> minima = Vector256<int>.Zero;
            for (int pair = 0; pair < Block / Group / 2; pair++)
            {
                Vector256<short> both = OctetBlock<TFormat>.GroupScalesOf(octet, pair);
                Vector256<short> first = FirstOfPair(both);
                Vector256<short> second = SecondOfPair(both);
                products = Sixteen(products, codes, 0, input, first);
                products = Sixteen(products, codes, 4, input + 16, Group == 32 ? first : second);
                if (Group == 32)
                {
                    products = Sixteen(products, codes + ChunkBytes, 0, input + 32, second);
                    products = Sixteen(products, codes + ChunkBytes, 4, input + 48, second);
                }

                codes += Group / 16 * ChunkBytes;
                input += 2 * Group;
                if (TFormat.Affine)
                    both = OctetBlock<TFormat>.GroupMinimaOf(octet, pair);
                if (TFormat.Affine || TFormat.Offset != 0)
                    minima = ByteProducts.AddPairs(minima, both, ByteProducts.Two(sums));
                sums += 2;
            }

            if (!TFormat.Affine && TFormat.Offset != 0)
                products -= minima * TFormat.Offset;
            var inputScale = Vector256.Create(scales[block]);
            result = Fma.MultiplyAdd(Vector256.ConvertToSingle(products), OctetBlock<TFormat>.Scales(octet) * inputScale, result);
            if (TFormat.Affine)
                result = Fma.MultiplyAddNegated(Vector256.ConvertToSingle(minima), OctetBlock<TFormat>.MinimumScales(octet) * inputScale, result);
            octet += OctetBlock<TFormat>.Bytes;
        }

        return result;
    }

    /// <summary>Adds the products of four quads of a chunk, multiplied with their group's scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Sixteen(Vector256<int> sum, byte* chunk, int quad, byte* input, Vector256<short> factor)
    {
        byte* ahead = chunk + (quad / 4 * (ChunkBytes / 2)) + PrefetchDistance;
        Sse.Prefetch0(ahead);
        if (ChunkBytes / 2 > 64)
            Sse.Prefetch0(ahead + 64);
        Vector256<short> p0 = Products(chunk, quad, input);
        Vector256<short> p1 = Products(chunk, quad + 1, input + 4);
        Vector256<short> p2 = Products(chunk, quad + 2, input + 8);
        Vector256<short> p3 = Products(chunk, quad + 3, input + 12);
        if (QuadsInSum >= 4)
            return ByteProducts.AddPairs(sum, p0 + p1 + (p2 + p3), factor);
        if (QuadsInSum >= 2)
            return ByteProducts.AddPairs(ByteProducts.AddPairs(sum, p0 + p1, factor), p2 + p3, factor);
        sum = ByteProducts.AddPairs(ByteProducts.AddPairs(sum, p0, factor), p1, factor);
        return ByteProducts.AddPairs(ByteProducts.AddPairs(sum, p2, factor), p3, factor);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Products(byte* chunk, int quad, byte* input)
    {
        Vector256<byte> weights = TFormat.Values(QuadCodes.Unpack(TFormat.CodeBits, chunk, quad));
        return Wide
            ? ByteProducts.Pairs(Avx2.Abs(weights.AsSByte()), weights.AsSByte(), ByteProducts.Four(input))
            : ByteProducts.Pairs(weights, ByteProducts.Four(input));
    }

    /// <summary>Of each row's two integers the first one, twice.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> FirstOfPair(Vector256<short> pairs) => Avx2.Shuffle(
        pairs.AsByte(),
        Vector256.Create((byte)0, 1, 0, 1, 4, 5, 4, 5, 8, 9, 8, 9, 12, 13, 12, 13, 0, 1, 0, 1, 4, 5, 4, 5, 8, 9, 8, 9, 12, 13, 12, 13)).AsInt16();

    /// <summary>Of each row's two integers the second one, twice.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> SecondOfPair(Vector256<short> pairs) => Avx2.Shuffle(
        pairs.AsByte(),
        Vector256.Create((byte)2, 3, 2, 3, 6, 7, 6, 7, 10, 11, 10, 11, 14, 15, 14, 15, 2, 3, 2, 3, 6, 7, 6, 7, 10, 11, 10, 11, 14, 15, 14, 15)).AsInt16();
}
