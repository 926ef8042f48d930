using System.Buffers.Binary;

namespace Harness.Formats.Forging;

/// <summary>
/// Rows of super-blocks of 256 values. Block layout: block_q4_K, block_q5_K and block_q6_K of ggml-common.h.
/// </summary>
internal static class SuperBlockRows
{
    // Sub-block scales run evenly from 32 to 63: root of mean square 48.4.
    private const int ScaleDeviation = 48;

    // Quants from 0 to 15 have standard deviation 4.61; the product is 223.
    public static RowForge Q4_K(Spread spread) => WithMinima(spread, blockBytes: 144, quantsDeviation: 223, halves: 15);

    // Quants from 0 to 31 have standard deviation 9.23; the product is 447.
    public static RowForge Q5_K(Spread spread) => WithMinima(spread, blockBytes: 176, quantsDeviation: 447, halves: 31);

    // Quants from -32 to 31 have standard deviation 18.5; sub-block scales have either sign, which centres them.
    public static RowForge Q6_K(Spread spread)
    {
        const int quantBytes = 128 + 64;
        ushort[] scales = BlockScales.Of(spread, ScaleDeviation * 37 / 2);
        return (ref ForgeRandom random, Span<byte> row) =>
        {
            for (; !row.IsEmpty; row = row[210..])
            {
                SmallBlockRows.Bytes(ref random, row[..quantBytes]);
                ulong subScales = random.Next();
                ulong others = random.Next();
                for (int i = 0; i < 8; i++)
                {
                    row[quantBytes + i] = SignedScale((byte)(subScales >> (8 * i)));
                    row[quantBytes + 8 + i] = SignedScale((byte)(others >> (8 * i)));
                }

                BinaryPrimitives.WriteUInt16LittleEndian(row[(quantBytes + 16)..], scales[random.Next() % BlockScales.Count]);
            }
        };
    }

    // Scales from 8 to 15, root of mean square 11.7, times quants from 0 to 3, 1.12 about their mean; minima are 1½ of them.
    public static RowForge Q2_K(Spread spread)
    {
        const int ScaleBytes = 16, QuantBytes = 64;
        ushort[] scales = BlockScales.Of(spread, quantsDeviation: 13);
        ushort[] minima = BlockScales.Of(spread, quantsDeviation: 13, halves: 3);
        return (ref ForgeRandom random, Span<byte> row) =>
        {
            for (; !row.IsEmpty; row = row[(ScaleBytes + QuantBytes + 4)..])
            {
                ulong bits = random.Next();
                for (int i = 0; i < ScaleBytes; i++, bits >>= 3)
                    row[i] = (byte)((8 | (int)(bits & 7)) * 0x11);
                SmallBlockRows.Bytes(ref random, row.Slice(ScaleBytes, QuantBytes));
                int scale = (int)(random.Next() % BlockScales.Count);
                BinaryPrimitives.WriteUInt16LittleEndian(row[(ScaleBytes + QuantBytes)..], scales[scale]);
                BinaryPrimitives.WriteUInt16LittleEndian(row[(ScaleBytes + QuantBytes + 2)..], minima[scale]);
            }
        };
    }

    // Scales from -32 to 31, root of mean square 18.5, times quants from -4 to 3, 2.35: every bit pattern is a value.
    public static RowForge Q3_K(Spread spread) => new CodeRows(BlockBytes: 110, ScaleAt: 108, Deviation: 43).Of(spread);

    // The same scales times levels of 67.4.
    public static RowForge IQ4_XS(Spread spread) => new CodeRows(BlockBytes: 136, ScaleAt: 0, Deviation: 1246).Of(spread);

    // A minimum is half the quants' range times its scale, up to one step either way: values centre on zero.
    private static RowForge WithMinima(Spread spread, int blockBytes, int quantsDeviation, int halves)
    {
        ushort[] scales = BlockScales.Of(spread, quantsDeviation);
        ushort[] minima = BlockScales.Of(spread, quantsDeviation, halves);
        return (ref ForgeRandom random, Span<byte> row) =>
        {
            Span<byte> subScales = stackalloc byte[8];
            Span<byte> subMinima = stackalloc byte[8];
            for (; !row.IsEmpty; row = row[blockBytes..])
            {
                ulong bits = random.Next();
                int scale = (int)(bits % BlockScales.Count);
                BinaryPrimitives.WriteUInt16LittleEndian(row, scales[scale]);
                BinaryPrimitives.WriteUInt16LittleEndian(row[2..], minima[scale]);
                bits >>= 3;
                for (int i = 0; i < 8; i++)
                {
                    int subScale = 32 + (int)(bits & 31);
                    subScales[i] = (byte)subScale;
                    subMinima[i] = (byte)Math.Min(63, subScale - 1 + (int)((bits >> 5) & 1) + (int)((bits >> 6) & 1));
                    bits >>= 7;
                }

                Pack(subScales, subMinima, row.Slice(4, 12));
                SmallBlockRows.Bytes(ref random, row[16..blockBytes]);
            }
        };
    }

    /// <summary>Packs eight scales and eight minima of six bits each into twelve bytes.</summary>
    private static void Pack(ReadOnlySpan<byte> scales, ReadOnlySpan<byte> minima, Span<byte> packed)
    {
        for (int i = 0; i < 4; i++)
        {
            packed[i] = (byte)(scales[i] | ((scales[i + 4] >> 4) << 6));
            packed[i + 4] = (byte)(minima[i] | ((minima[i + 4] >> 4) << 6));
            packed[i + 8] = (byte)((scales[i + 4] & 0xF) | ((minima[i + 4] & 0xF) << 4));
        }
    }

    private static byte SignedScale(byte bits)
    {
        int magnitude = 32 + (bits & 31);
        return (byte)((bits & 0x80) != 0 ? -magnitude : magnitude);
    }
}
