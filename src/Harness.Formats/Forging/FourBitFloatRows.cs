namespace Harness.Formats.Forging;

/// <summary>
/// Rows of MXFP4 and NVFP4: 4-bit floats under scales of few values. Some blocks take the scale below what the spread asks
/// for and some the one above, as many as meet its square. The codes' mean square, doubled as they are held, is 34.25.
/// </summary>
internal static class FourBitFloatRows
{
    // A scale is a power of two.
    public static RowForge MXFP4(Spread spread)
    {
        ulong square = (ulong)(spread.Units * spread.Units) * 1024 / 137;
        int below = 0;
        for (; square >= 4 * 256; square /= 4)
            below++;
        ulong above = (square - 256) / 3;
        byte exponent = (byte)(128 + Spread.Exponent + below);
        return (ref ForgeRandom random, Span<byte> row) =>
        {
            for (; !row.IsEmpty; row = row[17..])
            {
                row[0] = (random.Next() & 255) < above ? (byte)(exponent + 1) : exponent;
                SmallBlockRows.Bytes(ref random, row.Slice(1, 16));
            }
        };
    }

    // A scale is an 8-bit float; half of it multiplies the doubled codes. In units of 2^-20 that half is 1024 times the
    // mantissa below 2^-6, and above, eight to fifteen times a power of two.
    public static RowForge NVFP4(Spread spread)
    {
        ulong square = (ulong)(spread.Units * spread.Units) * 4 / 137;
        int code = 1;
        while (code < 0x7D && Square(code + 1) <= square)
            code++;
        ulong above = square <= Square(code) ? 0 : (square - Square(code)) * 256 / (Square(code + 1) - Square(code));
        return (ref ForgeRandom random, Span<byte> row) =>
        {
            for (; !row.IsEmpty; row = row[36..])
            {
                ulong bits = random.Next();
                for (int i = 0; i < 4; i++)
                    row[i] = (byte)(((bits >> (8 * i)) & 255) < above ? code + 1 : code);
                SmallBlockRows.Bytes(ref random, row.Slice(4, 32));
            }
        };
    }

    private static ulong Square(int code)
    {
        ulong half = code < 8 ? (ulong)code << 10 : (ulong)(8 + (code & 7)) << (10 - 1 + (code >> 3));
        return half * half;
    }
}
