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

    // Quants from 0 to 15 times the scale, less 7½ times the scale.
    public static RowForge Q4_1(Spread spread)
    {
        ushort[] scales = BlockScales.Of(spread, quantsDeviation: 5);
        ushort[] minima = BlockScales.Of(spread, quantsDeviation: 5, halves: 15);
        return (ref ForgeRandom random, Span<byte> row) =>
        {
            for (; !row.IsEmpty; row = row[20..])
            {
                int scale = (int)(random.Next() % BlockScales.Count);
                BinaryPrimitives.WriteUInt16LittleEndian(row, scales[scale]);
                BinaryPrimitives.WriteUInt16LittleEndian(row[2..], (ushort)(minima[scale] | Sign));
                Bytes(ref random, row.Slice(4, 16));
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
