namespace Harness.Formats.Tensors;

/// <summary>
/// Scales and quants of a row of blocks of 32 under an importance matrix: what the weighted encoders of Q4_0, Q4_1, Q5_0
/// and Q5_1 share (<c>quantize_row_q4_0_impl</c> and its likes in ggml-quants.c).
/// </summary>
internal static unsafe class WeightedBlocks
{
    private const int Length = 32;

    /// <summary>Signed scales, and q + most of each value.</summary>
    /// <param name="row">A row's values, a multiple of 32.</param>
    /// <param name="importance">As many.</param>
    /// <param name="most">Half of the quants: 8 or 16.</param>
    /// <param name="scales">Receives a scale a block.</param>
    /// <param name="quants">Receives a byte a value.</param>
    public static void Signed(ReadOnlySpan<float> row, ReadOnlySpan<float> importance, int most, Span<float> scales, Span<byte> quants) =>
        Run(row, importance, most, scales, default, quants);

    /// <summary>Scales, minima that are not negative (one a block too), and q of each value; else as <see cref="Signed"/>.</summary>
    public static void Affine(
        ReadOnlySpan<float> row, ReadOnlySpan<float> importance, int most, Span<float> scales, Span<float> minima, Span<byte> quants) =>
        Run(row, importance, most, scales, minima, quants);

    private static void Run(
        ReadOnlySpan<float> row, ReadOnlySpan<float> importance, int most, Span<float> scales, Span<float> minima, Span<byte> quants)
    {
        if (importance.Length != row.Length)
            throw new ArgumentException($"There are {importance.Length} importances for {row.Length} values.", nameof(importance));
        switch (LaneWidth.Preferred)
        {
            case 16:
                Run<Lanes512>(row, importance, most, scales, minima, quants);
                break;
            case 8:
                Run<Lanes256>(row, importance, most, scales, minima, quants);
                break;
            default:
                Run<Lanes128>(row, importance, most, scales, minima, quants);
                break;
        }
    }

    private static void Run<TLanes>(
        ReadOnlySpan<float> row, ReadOnlySpan<float> importance, int most, Span<float> scales, Span<float> minima, Span<byte> quants)
        where TLanes : struct, ILanes<TLanes>
    {
        float* values = stackalloc float[Length * SubBlocks.Width];
        float* weights = stackalloc float[Length * SubBlocks.Width];
        float* meanSquares = stackalloc float[SubBlocks.Width];
        fixed (float* source = row, columns = importance)
        {
            new Span<float>(meanSquares, SubBlocks.Width).Fill(SubBlocks.SumOfSquares(source, row.Length) / row.Length);
            for (int block = 0; block < row.Length / Length; block += SubBlocks.Width)
            {
                int count = Math.Min(SubBlocks.Width, (row.Length / Length) - block);
                SubBlocks.SideBySide(source + (block * Length), Length, count, values);
                SubBlocks.SideBySide(columns + (block * Length), Length, count, weights);
                SubBlocks.Weigh<TLanes>(values, weights, Length, meanSquares, null);
                Span<byte> to = quants.Slice(block * Length, count * Length);
                if (minima.IsEmpty)
                {
                    SignedSearch.Found found;
                    new SignedSearch(most).Run<TLanes>(values, weights, Length, count, &found);
                    new Span<float>(found.Scales, count).CopyTo(scales[block..]);
                    for (int i = 0; i < to.Length; i++) to[i] = (byte)found.Quant(i / Length, row[(block * Length) + i], most);
                }
                else
                {
                    AffineSearch.Found found;
                    new AffineSearch(most, -0.9f, 0.05f, 36).Run<TLanes>(values, weights, Length, count, &found);
                    new Span<float>(found.Scales, count).CopyTo(scales[block..]);
                    new Span<float>(found.Minima, count).CopyTo(minima[block..]);
                    for (int i = 0; i < to.Length; i++) to[i] = (byte)found.Quant(i / Length, row[(block * Length) + i], most);
                }
            }
        }
    }
}
