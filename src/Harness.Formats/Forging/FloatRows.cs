using System.Runtime.InteropServices;

namespace Harness.Formats.Forging;

/// <summary>
/// Rows of plain floats: one of 4096 evenly spaced values each, 12 bits of randomness looked up in a table that stays
/// in the first-level cache.
/// </summary>
internal static class FloatRows
{
    private const int Levels = 4096;

    public static RowForge F32(Spread spread)
    {
        uint[] values = Table(spread, FloatBits.Single);
        return (ref ForgeRandom random, Span<byte> row) => Fill(ref random, MemoryMarshal.Cast<byte, uint>(row), values);
    }

    public static RowForge F16(Spread spread)
    {
        ushort[] values = Table(spread, FloatBits.Half);
        return (ref ForgeRandom random, Span<byte> row) => Fill(ref random, MemoryMarshal.Cast<byte, ushort>(row), values);
    }

    public static RowForge BF16(Spread spread)
    {
        ushort[] values = Table(spread, FloatBits.BFloat16);
        return (ref ForgeRandom random, Span<byte> row) => Fill(ref random, MemoryMarshal.Cast<byte, ushort>(row), values);
    }

    /// <summary>A norm's weights, binary32: evenly from 3/4 to 5/4.</summary>
    public static RowForge Norm() => (ref ForgeRandom random, Span<byte> row) =>
    {
        foreach (ref uint value in MemoryMarshal.Cast<byte, uint>(row))
            value = FloatBits.Single((3 << 14) + (long)(random.Next() >> 49), -16);
    };

    /// <summary>
    /// Divisors of the rotation's frequencies, binary32: 1 for the first, fastest quarter, then growing evenly to 8, the
    /// form that <c>rope_freqs.weight</c> has in Llama 3.
    /// </summary>
    public static RowForge RotaryFactors() => (ref ForgeRandom _, Span<byte> row) =>
    {
        Span<uint> factors = MemoryMarshal.Cast<byte, uint>(row);
        int flat = factors.Length / 4;
        for (int i = 0; i < factors.Length; i++)
        {
            int rise = Math.Max(0, i - flat) * 7 * 4096 / Math.Max(1, factors.Length - flat - 1);
            factors[i] = FloatBits.Single(4096 + rise, -12);
        }
    };

    /// <summary>Evenly from one bound to another, binary32; the bounds are in units of 1/4096.</summary>
    public static RowForge Between(long low, long high) => (ref ForgeRandom random, Span<byte> row) =>
    {
        foreach (ref uint value in MemoryMarshal.Cast<byte, uint>(row))
            value = FloatBits.Single((low << 16) + ((high - low) * (long)(random.Next() >> 48)), -12 - 16);
    };

    // An even spread from -√3 to √3 standard deviations has a standard deviation of one; 1774/1024 is √3.
    // Odd multiples of half a step leave out zero and keep the mean at zero.
    private static T[] Table<T>(Spread spread, Func<long, int, T> encode)
    {
        var table = new T[Levels];
        for (int i = 0; i < Levels; i++)
            table[i] = encode(((2L * i) - (Levels - 1)) * spread.Units * 1774, Spread.Exponent - 10 - 12);
        return table;
    }

    private static void Fill<T>(ref ForgeRandom random, Span<T> row, T[] values)
    {
        ReadOnlySpan<T> table = values;
        int i = 0;
        for (; i <= row.Length - 4; i += 4)
        {
            ulong bits = random.Next();
            row[i] = table[(int)(bits & 0xFFF)];
            row[i + 1] = table[(int)((bits >> 16) & 0xFFF)];
            row[i + 2] = table[(int)((bits >> 32) & 0xFFF)];
            row[i + 3] = table[(int)((bits >> 48) & 0xFFF)];
        }

        for (; i < row.Length; i++)
            row[i] = table[(int)(random.Next() & 0xFFF)];
    }
}
