using System.Buffers.Binary;

namespace Harness.Formats.Forging;

/// <summary>
/// Rows of types whose blocks are a binary16 scale and codes of which every bit pattern stands for a value: random codes
/// under one of eight scales. Of either sign where the codes' mean is not zero.
/// </summary>
/// <param name="BlockBytes">Bytes of a block.</param>
/// <param name="ScaleAt">Where the scale lies.</param>
/// <param name="Deviation">Root of mean square of the values at scale 1, times <paramref name="Halves"/> over 2.</param>
/// <param name="Halves">Makes a fraction of the deviation: 2 for none.</param>
/// <param name="EitherSign">Whether half of the scales are negative.</param>
internal sealed record CodeRows(int BlockBytes, int ScaleAt, int Deviation, int Halves = 2, bool EitherSign = true)
{
    private const ushort Sign = 0x8000;

    /// <summary>The forge of rows of a spread.</summary>
    /// <param name="spread">How widely the values spread.</param>
    public RowForge Of(Spread spread)
    {
        ushort[] scales = BlockScales.Of(spread, Deviation, Halves);
        return (ref ForgeRandom random, Span<byte> row) =>
        {
            for (; !row.IsEmpty; row = row[BlockBytes..])
            {
                Fill(ref random, row[..BlockBytes]);
                ulong bits = random.Next();
                ushort scale = scales[bits % BlockScales.Count];
                BinaryPrimitives.WriteUInt16LittleEndian(row[ScaleAt..], EitherSign && (bits & 8) != 0 ? (ushort)(scale | Sign) : scale);
            }
        };
    }

    /// <summary>Fills bytes, any number of them.</summary>
    internal static void Fill(ref ForgeRandom random, Span<byte> bytes)
    {
        SmallBlockRows.Bytes(ref random, bytes);
        int rest = bytes.Length % sizeof(ulong);
        ulong last = random.Next();
        for (int i = bytes.Length - rest; i < bytes.Length; i++, last >>= 8)
            bytes[i] = (byte)last;
    }
}
