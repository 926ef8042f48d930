using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Harness.Formats.Tensors;

/// <summary>Bits that say which of a run of values are negative, the lowest bit the first value's.</summary>
internal static unsafe class SignBits
{
    /// <summary>Eight signs stored as seven bits: there is always an even number of negatives, so the last follows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Even(uint seven) => (int)(seven | ((uint)(BitOperations.PopCount(seven) & 1) << 7));

    /// <summary>−1 where a bit is set, else 0, for 16 values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<sbyte> Mask(int first, int second)
    {
        const ulong copies = 0x0101010101010101;
        Vector128<sbyte> bit = Vector128.Create(0x8040201008040201UL).AsSByte();
        Vector128<sbyte> bits = Vector128.Create((uint)first * copies, (uint)second * copies).AsSByte();
        return Vector128.Equals(bits & bit, bit);
    }

    /// <summary>Stores 16 values of a lattice with their signs.</summary>
    /// <param name="low">The first eight, one a byte.</param>
    /// <param name="high">The last eight.</param>
    /// <param name="lowSigns">The signs of the first eight.</param>
    /// <param name="highSigns">The signs of the last eight.</param>
    /// <param name="quants">Receives 16 signed bytes.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply(ulong low, ulong high, int lowSigns, int highSigns, sbyte* quants)
    {
        Vector128<sbyte> mask = Mask(lowSigns, highSigns);
        ((Vector128.Create(low, high).AsSByte() ^ mask) - mask).Store(quants);
    }

    /// <summary>One value of a group, with its sign: the scalar form of <see cref="Apply"/>.</summary>
    public static float One(ulong group, int signs, int index, float scale)
    {
        float value = scale * (byte)(group >> (8 * index));
        return ((signs >> index) & 1) != 0 ? -value : value;
    }
}
