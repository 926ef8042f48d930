namespace Harness.Formats.Tensors;

/// <summary>256 quants of two bits in 64 bytes: value <c>128 h + 32 g + i</c> is pair <c>g</c> of byte <c>32 h + i</c>.</summary>
internal static unsafe class BitPairs
{
    private const int GroupLength = 32;

    /// <summary>Packs the lower two bits of 256 bytes.</summary>
    public static void Pack(byte* quants, byte* packed)
    {
        for (int half = 0; half < 2; half++, quants += 4 * GroupLength, packed += GroupLength)
        {
            for (int i = 0; i < GroupLength; i++)
            {
                packed[i] = (byte)((quants[i] & 3) | ((quants[GroupLength + i] & 3) << 2)
                    | ((quants[(2 * GroupLength) + i] & 3) << 4) | (quants[(3 * GroupLength) + i] << 6));
            }
        }
    }
}
