using System.Buffers.Binary;

namespace Harness.Formats.Forging;

/// <summary>Rows of TQ1_0 and TQ2_0: −1, 0 and 1 under a scale a super-block.</summary>
internal static class TernaryRows
{
    // Digits that are each as likely have a root of mean square of 0.816; 9/11 is that.
    public static RowForge TQ1_0(Spread spread)
    {
        const int Codes = 52, Tail = 4;
        ushort[] scales = BlockScales.Of(spread, quantsDeviation: 9, halves: 22);
        return (ref ForgeRandom random, Span<byte> row) =>
        {
            for (; !row.IsEmpty; row = row[(Codes + 2)..])
            {
                for (int i = 0; i < Codes; i++)
                {
                    // Five digits; of the last four bytes the fifth is 0. A byte is the fraction of 256, rounded up.
                    ulong number = i < Codes - Tail ? random.Next() % 243 : random.Next() % 81 * 3;
                    row[i] = (byte)(((number * 256) + 242) / 243);
                }

                BinaryPrimitives.WriteUInt16LittleEndian(row[Codes..], scales[random.Next() % BlockScales.Count]);
            }
        };
    }

    // A quarter each of −1 and 1: a root of mean square of 0.707; 5/7 is that.
    public static RowForge TQ2_0(Spread spread)
    {
        const int Codes = 64;
        ushort[] scales = BlockScales.Of(spread, quantsDeviation: 5, halves: 14);
        return (ref ForgeRandom random, Span<byte> row) =>
        {
            for (; !row.IsEmpty; row = row[(Codes + 2)..])
            {
                for (int i = 0; i < Codes; i += sizeof(ulong))
                {
                    // A pair of 3 stands for no ternary value: it becomes 1, which stands for 0.
                    ulong pairs = random.Next();
                    ulong three = pairs & (pairs >> 1) & 0x5555_5555_5555_5555;
                    BinaryPrimitives.WriteUInt64LittleEndian(row[i..], pairs ^ (three << 1));
                }

                BinaryPrimitives.WriteUInt16LittleEndian(row[Codes..], scales[random.Next() % BlockScales.Count]);
            }
        };
    }
}
