using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Harness.Formats.Tensors;

/// <summary>
/// The 12 bytes in which Q3_K packs sixteen 6-bit scales: bytes 0–7 hold the low nibbles of the first eight in their low
/// nibbles and of the last eight in their high ones; bytes 8–11 hold the upper bit pairs, of scales 0–3 lowest.
/// </summary>
internal static class Q3KScales
{
    /// <summary>Bytes the packed scales take.</summary>
    public const int Bytes = 12;

    /// <summary>The scale of 16 values.</summary>
    /// <param name="packed">The 12 bytes.</param>
    /// <param name="run">0 to 15.</param>
    /// <returns>−32 to 31.</returns>
    public static int Scale(ReadOnlySpan<byte> packed, int run)
    {
        int low = (packed[run & 7] >> (4 * (run >> 3))) & 15;
        int high = (packed[8 + (run & 3)] >> (2 * (run >> 2))) & 3;
        return (low | (high << 4)) - 32;
    }

    /// <summary>All 16 scales.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<short> Unpack(byte* packed)
    {
        const uint nibbles = 0x0F0F0F0F;
        const uint pairs = 0x30303030;
        uint first = *(uint*)packed;
        uint second = *(uint*)(packed + 4);
        uint upper = *(uint*)(packed + 8);
        var bytes = Vector128.Create(
            (first & nibbles) | ((upper << 4) & pairs),
            (second & nibbles) | ((upper << 2) & pairs),
            ((first >> 4) & nibbles) | (upper & pairs),
            ((second >> 4) & nibbles) | ((upper >> 2) & pairs));
        return IntegerUnpacking.Widen16(bytes.AsByte()) - Vector256.Create((short)32);
    }

    /// <summary>Stores a scale; the bytes begin as zero.</summary>
    /// <param name="packed">The 12 bytes.</param>
    /// <param name="run">0 to 15.</param>
    /// <param name="scale">−32 to 31.</param>
    public static void Pack(Span<byte> packed, int run, int scale)
    {
        int stored = scale + 32;
        packed[run & 7] |= (byte)((stored & 15) << (4 * (run >> 3)));
        packed[8 + (run & 3)] |= (byte)((stored >> 4) << (2 * (run >> 2)));
    }
}
