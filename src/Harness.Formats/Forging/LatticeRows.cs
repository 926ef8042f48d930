namespace Harness.Formats.Forging;

/// <summary>
/// Rows of the lattice types, which are read and run but not written from weights: every code is a group of magnitudes,
/// so that random codes do. Deviations are those of a lattice's magnitudes times evenly spread sub-block scales.
/// </summary>
internal static class LatticeRows
{
    public static RowForge IQ2_XXS(Spread spread) => new CodeRows(BlockBytes: 66, ScaleAt: 0, Deviation: 53, EitherSign: false).Of(spread);

    public static RowForge IQ2_XS(Spread spread) => new CodeRows(BlockBytes: 74, ScaleAt: 0, Deviation: 56, EitherSign: false).Of(spread);

    public static RowForge IQ2_S(Spread spread) => new CodeRows(BlockBytes: 82, ScaleAt: 0, Deviation: 56, EitherSign: false).Of(spread);

    public static RowForge IQ3_XXS(Spread spread) => new CodeRows(BlockBytes: 98, ScaleAt: 0, Deviation: 142, EitherSign: false).Of(spread);

    public static RowForge IQ3_S(Spread spread) => new CodeRows(BlockBytes: 110, ScaleAt: 0, Deviation: 140, EitherSign: false).Of(spread);

    public static RowForge IQ1_S(Spread spread) => new CodeRows(BlockBytes: 50, ScaleAt: 0, Deviation: 36, Halves: 10, EitherSign: false).Of(spread);

    // The scale is spread over the uppermost nibbles of the last four words.
    public static RowForge IQ1_M(Spread spread)
    {
        const int BlockBytes = 56, ScalesAt = 48;
        ushort[] scales = BlockScales.Of(spread, quantsDeviation: 36, halves: 10);
        return (ref ForgeRandom random, Span<byte> row) =>
        {
            for (; !row.IsEmpty; row = row[BlockBytes..])
            {
                CodeRows.Fill(ref random, row[..BlockBytes]);
                ushort scale = scales[random.Next() % BlockScales.Count];
                for (int word = 0; word < 4; word++)
                {
                    ref byte upper = ref row[ScalesAt + (2 * word) + 1];
                    upper = (byte)((upper & 15) | (((scale >> (4 * word)) & 15) << 4));
                }
            }
        };
    }
}
