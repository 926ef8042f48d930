using System.Buffers.Binary;
using System.Runtime.Intrinsics;

namespace Harness.Formats.Forging;

/// <summary>Rows of blocks of 32 values: a scale (and for Q5_1 a minimum), then evenly distributed quants.</summary>
internal static class SmallBlockRows
{
    private const ushort Sign = 0x8000;

    // Quants from -8 to 7 have their mean at -1/2; scales of either sign, as real files have them, move it to zero.
    public static RowForge Q4_0(Spread spread)
    {
        ushort[] scales = BlockScales.Of(spread, quantsDeviation: 5);
        return (ref ForgeRandom random, Span<byte> row) =>
        {
            for (; !row.IsEmpty; row = row[18..])
            {
                BinaryPrimitives.WriteUInt16LittleEndian(row, SignedScale(scales, random.Next()));
                Bytes(ref random, row.Slice(2, 16));
            }
        };
    }

    public static RowForge Q5_0(Spread spread)
    {
        ushort[] scales = BlockScales.Of(spread, quantsDeviation: 9);
        return (ref ForgeRandom random, Span<byte> row) =>
        {
            for (; !row.IsEmpty; row = row[22..])
            {
                ulong bits = random.Next();
                BinaryPrimitives.WriteUInt16LittleEndian(row, SignedScale(scales, bits));
                BinaryPrimitives.WriteUInt32LittleEndian(row[2..], (uint)(bits >> 32));
                Bytes(ref random, row.Slice(6, 16));
            }
        };
    }

    // Quants from 0 to 31 times the scale, less 15½ times the scale.
    public static RowForge Q5_1(Spread spread)
    {
        ushort[] scales = BlockScales.Of(spread, quantsDeviation: 9);
        ushort[] minima = BlockScales.Of(spread, quantsDeviation: 9, halves: 31);
        return (ref ForgeRandom random, Span<byte> row) =>
        {
            for (; !row.IsEmpty; row = row[24..])
            {
                ulong bits = random.Next();
                int scale = (int)(bits % BlockScales.Count);
                BinaryPrimitives.WriteUInt16LittleEndian(row, scales[scale]);
                BinaryPrimitives.WriteUInt16LittleEndian(row[2..], (ushort)(minima[scale] | Sign));
                BinaryPrimitives.WriteUInt32LittleEndian(row[4..], (uint)(bits >> 32));
                Bytes(ref random, row.Slice(8, 16));
            }
        };
    }

    // Quantizers never write -128.
    public static RowForge Q8_0(Spread spread)
    {
        ushort[] scales = BlockScales.Of(spread, quantsDeviation: 74);
        return (ref ForgeRandom random, Span<byte> row) =>
        {
            Vector128<sbyte> least = Vector128.Create((sbyte)-127);
            for (; !row.IsEmpty; row = row[34..])
            {
                BinaryPrimitives.WriteUInt16LittleEndian(row, scales[random.Next() % BlockScales.Count]);
                for (int i = 2; i < 34; i += 16)
                {
                    Vector128<sbyte> quants = Vector128.Create(random.Next(), random.Next()).AsSByte();
                    Vector128.Max(quants, least).AsByte().CopyTo(row[i..]);
                }
            }
        };
    }

    // The codes' mean square is 34.25. A scale is a power of two: some blocks take the one below the scale asked for and
    // some the one above, as many as meet its square.
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
                Bytes(ref random, row.Slice(1, 16));
            }
        };
    }

    /// <summary>Fills a multiple of eight bytes.</summary>
    internal static void Bytes(ref ForgeRandom random, Span<byte> destination)
    {
        for (int i = 0; i <= destination.Length - sizeof(ulong); i += sizeof(ulong))
            BinaryPrimitives.WriteUInt64LittleEndian(destination[i..], random.Next());
    }

    private static ushort SignedScale(ushort[] scales, ulong bits) =>
        (ushort)(scales[bits % BlockScales.Count] | ((bits & 8) != 0 ? Sign : 0));
}
