namespace Harness.Formats.Forging;

/// <summary>
/// How widely a tensor's values spread: their standard deviation, in units of 2^-20. An integer, because the scales of
/// every tensor type are made from it.
/// </summary>
/// <param name="Units">The standard deviation × 2^20.</param>
internal readonly record struct Spread(long Units)
{
    /// <summary>The exponent of <see cref="Units"/>' unit.</summary>
    public const int Exponent = -20;

    /// <summary>gain/8 ÷ √inputs: what keeps a weighted sum of that many unit inputs at gain/8.</summary>
    public static Spread OfInputs(int gainEighths, long inputs) =>
        new((long)Root(((UInt128)(gainEighths * gainEighths) << 34) / (ulong)inputs));

    /// <summary>gain/8 itself.</summary>
    public static Spread Absolute(int gainEighths) => new((long)gainEighths << 17);

    private static ulong Root(UInt128 square)
    {
        ulong root = 0;
        for (ulong bit = 1UL << 62; bit != 0; bit >>= 1)
        {
            ulong tried = root | bit;
            if ((UInt128)tried * tried <= square)
                root = tried;
        }

        return root;
    }
}
