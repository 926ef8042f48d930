using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Harness.Text.Vocabulary;

/// <summary>
/// Byte strings numbered in the order they were added, found again by their bytes. One buffer holds them all, so
/// that a vocabulary of 150,000 tokens is four allocations. The hash is seeded for each process: a file cannot be
/// made to collide.
/// </summary>
internal sealed class ByteStringTable
{
    private static readonly ulong Seed = (ulong)Random.Shared.NextInt64() | 1;

    private byte[] bytes;
    private int byteCount;
    private int[] ends;
    private Slot[] slots;
    private int slotsUsed;

    public ByteStringTable(int expectedStrings, int expectedBytes)
    {
        bytes = new byte[Math.Max(16, expectedBytes)];
        ends = new int[Math.Max(4, expectedStrings)];
        slots = new Slot[(int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, expectedStrings * 2))];
    }

    /// <summary>How many strings there are.</summary>
    public int Count { get; private set; }

    /// <summary>The length of the longest string that can be found.</summary>
    public int LongestKey { get; private set; }

    /// <summary>The bytes of one string.</summary>
    public ReadOnlySpan<byte> this[int index]
    {
        get
        {
            int start = index == 0 ? 0 : ends[index - 1];
            return bytes.AsSpan(start, ends[index] - start);
        }
    }

    /// <summary>Adds a string that is not there yet, or finds it.</summary>
    /// <param name="key">The bytes.</param>
    /// <param name="added">Whether it was not there.</param>
    /// <returns>Its number.</returns>
    public int Add(ReadOnlySpan<byte> key, out bool added)
    {
        uint hash = Hash(key);
        int index = Find(key, hash);
        added = index < 0;
        if (!added)
            return index;

        if (slotsUsed * 2 >= slots.Length)
            Grow();
        LongestKey = Math.Max(LongestKey, key.Length);
        index = Append(key);
        Insert(new Slot(hash, index + 1));
        return index;
    }

    /// <summary>Takes the next number for a string that shall never be found.</summary>
    /// <returns>The number.</returns>
    public int AddHidden() => Append(default);

    /// <summary>Finds a string.</summary>
    /// <param name="key">The bytes.</param>
    /// <returns>Its number, or −1.</returns>
    public int Find(ReadOnlySpan<byte> key) => key.Length > LongestKey ? -1 : Find(key, Hash(key));

    /// <summary>A seeded hash by folded multiplication, eight bytes a step.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Hash(ReadOnlySpan<byte> key)
    {
        ulong h = Seed ^ (ulong)key.Length;
        while (key.Length >= 8)
        {
            h = Fold(h ^ MemoryMarshal.Read<ulong>(key));
            key = key[8..];
        }

        ulong tail = 0;
        if (key.Length >= 4)
        {
            tail = MemoryMarshal.Read<uint>(key) | ((ulong)MemoryMarshal.Read<uint>(key[^4..]) << 32);
        }
        else if (key.Length > 0)
        {
            tail = key[0] | ((ulong)key[key.Length >> 1] << 8) | ((ulong)key[^1] << 16);
        }

        h = Fold(h ^ tail);
        return (uint)(h ^ (h >> 32));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Fold(ulong x)
    {
        ulong high = Math.BigMul(x, 0x9E37_79B9_7F4A_7C15UL ^ Seed, out ulong low);
        return high ^ low;
    }

    private int Find(ReadOnlySpan<byte> key, uint hash)
    {
        Slot[] table = slots;
        int mask = table.Length - 1;
        for (int i = (int)hash & mask; ; i = (i + 1) & mask)
        {
            Slot slot = table[i];
            if (slot.Number == 0)
                return -1;
            if (slot.Hash == hash && this[slot.Number - 1].SequenceEqual(key))
                return slot.Number - 1;
        }
    }

    private int Append(ReadOnlySpan<byte> key)
    {
        if (byteCount + key.Length > bytes.Length)
            Array.Resize(ref bytes, Math.Max(bytes.Length * 2, byteCount + key.Length));
        if (Count == ends.Length)
            Array.Resize(ref ends, ends.Length * 2);
        key.CopyTo(bytes.AsSpan(byteCount));
        byteCount += key.Length;
        ends[Count] = byteCount;
        return Count++;
    }

    private void Insert(Slot slot)
    {
        int mask = slots.Length - 1;
        int i = (int)slot.Hash & mask;
        while (slots[i].Number != 0)
            i = (i + 1) & mask;
        slots[i] = slot;
        slotsUsed++;
    }

    private void Grow()
    {
        Slot[] old = slots;
        slots = new Slot[old.Length * 2];
        slotsUsed = 0;
        foreach (Slot slot in old)
        {
            if (slot.Number != 0)
                Insert(slot);
        }
    }

    /// <summary>A place in the hash table: the string's hash, and its number plus one (0: free).</summary>
    private readonly record struct Slot(uint Hash, int Number);
}
