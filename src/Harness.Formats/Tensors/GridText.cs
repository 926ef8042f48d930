using System.Buffers.Binary;

namespace Harness.Formats.Tensors;

/// <summary>Reads a lattice as it stands in the source: base64 of 16-bit words, each the level numbers of one group.</summary>
internal static class GridText
{
    /// <summary>Unpacks all groups.</summary>
    /// <param name="packed">Base64; white space between is ignored.</param>
    /// <param name="levels">The byte that each level number stands for.</param>
    /// <param name="bits">Bits of a level number.</param>
    /// <param name="values">Level numbers of a group, at most 8.</param>
    /// <returns>A byte a level, the first in the low byte.</returns>
    public static ulong[] Unpack(string packed, ReadOnlySpan<byte> levels, int bits, int values)
    {
        byte[] words = Convert.FromBase64String(packed);
        var groups = new ulong[words.Length / 2];
        for (int i = 0; i < groups.Length; i++)
        {
            int word = BinaryPrimitives.ReadUInt16LittleEndian(words.AsSpan(2 * i));
            for (int value = 0; value < values; value++)
                groups[i] |= (ulong)levels[(word >> (bits * value)) & ((1 << bits) - 1)] << (8 * value);
        }

        return groups;
    }
}
