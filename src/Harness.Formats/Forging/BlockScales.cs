namespace Harness.Formats.Forging;

/// <summary>
/// Eight binary16 scales of a block, from 5/6 to 7/6 of what the spread asks for, so that neighbouring blocks differ.
/// </summary>
internal static class BlockScales
{
    public const int Count = 8;

    /// <summary>The scales of blocks whose quants have a given standard deviation at scale 1.</summary>
    /// <param name="spread">The standard deviation wanted.</param>
    /// <param name="quantsDeviation">The quants' own standard deviation.</param>
    /// <param name="halves">The scale is multiplied by this many halves: 15 gives 7½ times the scale.</param>
    public static ushort[] Of(Spread spread, int quantsDeviation, int halves = 2)
    {
        var scales = new ushort[Count];
        for (int i = 0; i < Count; i++)
        {
            // One mantissa of five bits for the scale, so that its product with the halves is exact in binary16.
            long scale = (spread.Units << 20) * (35 + (2 * i)) / (42L * quantsDeviation);
            int drop = Math.Max(0, 63 - System.Numerics.BitOperations.LeadingZeroCount((ulong)scale) - 4);
            scales[i] = FloatBits.Half((scale >> drop) * halves, Spread.Exponent - 20 - 1 + drop);
        }

        return scales;
    }
}
