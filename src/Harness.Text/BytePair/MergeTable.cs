using System.Numerics;

namespace Harness.Text.BytePair;

/// <summary>
/// The merges of a vocabulary by pair of symbols. A symbol is a byte string with a number; numbers below the size of
/// the vocabulary are token ids.
/// </summary>
internal sealed class MergeTable
{
    private readonly Entry[] entries;
    private readonly int shift;

    /// <summary>Creates an empty table.</summary>
    /// <param name="expected">At most this many merges will be added.</param>
    public MergeTable(int expected)
    {
        int size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, expected * 2));
        entries = new Entry[size];
        shift = 64 - BitOperations.Log2((uint)size);
    }

    /// <summary>Adds a merge; of two for the same pair the first counts, or the last where asked.</summary>
    public void Add(int left, int right, int rank, int result, bool lastCounts = false)
    {
        ulong key = Key(left, right);
        for (int i = Home(key); ; i = (i + 1) & (entries.Length - 1))
        {
            if (entries[i].Key == key && !lastCounts)
                return;
            if (entries[i].Key != 0 && entries[i].Key != key)
                continue;
            entries[i] = new Entry(key, rank, result);
            return;
        }
    }

    /// <summary>Finds a merge.</summary>
    /// <param name="left">The left symbol.</param>
    /// <param name="right">The right symbol.</param>
    /// <param name="result">The symbol it makes.</param>
    /// <returns>Its rank, or <see cref="int.MaxValue"/>.</returns>
    public int Rank(int left, int right, out int result)
    {
        ulong key = Key(left, right);
        Entry[] table = entries;
        for (int i = Home(key); ; i = (i + 1) & (table.Length - 1))
        {
            ref readonly Entry entry = ref table[i];
            if (entry.Key == key)
            {
                result = entry.Result;
                return entry.Rank;
            }

            if (entry.Key != 0)
                continue;
            result = -1;
            return int.MaxValue;
        }
    }

    // Symbols count from one in keys, so that zero marks a free place.
    private static ulong Key(int left, int right) => ((ulong)(uint)(left + 1) << 32) | (uint)(right + 1);

    private int Home(ulong key) => (int)((key * 0x9E37_79B9_7F4A_7C15UL) >> shift);

    private readonly record struct Entry(ulong Key, int Rank, int Result);
}
