using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <summary>
/// The 12 bytes in which Q4_K and Q5_K pack eight 6-bit scales and eight 6-bit minima: bytes 0–3 and 4–7 hold the
/// first four scales and minima in their low 6 bits; bytes 8–11 hold the low nibbles of the last four of each, whose
/// upper two bits lie in the upper two bits of bytes 0–7.
/// </summary>
internal static class KQuantScales
{
    /// <summary>Bytes the packed scales take.</summary>
    public const int Bytes = 12;

    /// <summary>The 6-bit scale of a sub-block.</summary>
    /// <param name="packed">The 12 bytes.</param>
    /// <param name="subBlock">0 to 7.</param>
    /// <returns>0 to 63.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Scale(ReadOnlySpan<byte> packed, int subBlock) => subBlock < 4
        ? packed[subBlock] & 63
        : (packed[subBlock + 4] & 15) | ((packed[subBlock - 4] >> 6) << 4);

    /// <summary>The 6-bit minimum of a sub-block.</summary>
    /// <param name="packed">The 12 bytes.</param>
    /// <param name="subBlock">0 to 7.</param>
    /// <returns>0 to 63.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Minimum(ReadOnlySpan<byte> packed, int subBlock) => subBlock < 4
        ? packed[subBlock + 4] & 63
        : (packed[subBlock + 4] >> 4) | ((packed[subBlock] >> 6) << 4);

    /// <summary>All scales and minima at once.</summary>
    /// <param name="packed">The 12 bytes.</param>
    /// <param name="scales">Receives 8 scales.</param>
    /// <param name="minima">Receives 8 minima.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Unpack(byte* packed, short* scales, short* minima)
    {
        const uint sixBits = 0x3F3F3F3F;
        const uint nibbles = 0x0F0F0F0F;
        uint first = *(uint*)packed;
        uint second = *(uint*)(packed + 4);
        uint last = *(uint*)(packed + 8);
        uint lastScales = (last & nibbles) | ((first >> 2) & 0x30303030);
        uint lastMinima = ((last >> 4) & nibbles) | ((second >> 2) & 0x30303030);
        IntegerUnpacking.Widen8((first & sixBits) | ((ulong)lastScales << 32), scales);
        IntegerUnpacking.Widen8((second & sixBits) | ((ulong)lastMinima << 32), minima);
    }

    /// <summary>Stores a sub-block's scale and minimum; the bytes begin as zero and sub-blocks come in order.</summary>
    /// <param name="packed">The 12 bytes.</param>
    /// <param name="subBlock">0 to 7.</param>
    /// <param name="scale">0 to 63.</param>
    /// <param name="minimum">0 to 63.</param>
    public static void Pack(Span<byte> packed, int subBlock, int scale, int minimum)
    {
        if (subBlock < 4)
        {
            packed[subBlock] = (byte)scale;
            packed[subBlock + 4] = (byte)minimum;
            return;
        }

        packed[subBlock + 4] = (byte)((scale & 15) | ((minimum & 15) << 4));
        packed[subBlock - 4] |= (byte)((scale >> 4) << 6);
        packed[subBlock] |= (byte)((minimum >> 4) << 6);
    }
}
