using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Harness.Formats.Tensors;

/// <summary>Steps that several formats share when they unpack to bytes.</summary>
internal static unsafe class IntegerUnpacking
{
    /// <summary>32 bytes of nibbles: the low ones, then the high ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Nibbles32(byte* packed, byte* low, byte* high)
    {
        var mask = Vector256.Create((byte)15);
        Vector256<byte> pairs = Vector256.Load(packed);
        (pairs & mask).Store(low);
        ((pairs.AsUInt16() >>> 4).AsByte() & mask).Store(high);
    }

    /// <summary>16 bytes of nibbles: the low ones, then the high ones, in one register.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Nibbles16(byte* packed)
    {
        Vector128<byte> pairs = Vector128.Load(packed);
        return Vector256.Create(pairs, (pairs.AsUInt16() >>> 4).AsByte()) & Vector256.Create((byte)15);
    }

    /// <summary>The bits of a word as bytes of 0 or 16, the lowest bit first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> FifthBits(uint bits) => Vector256.Create(
        Spread((byte)bits), Spread((byte)(bits >> 8)), Spread((byte)(bits >> 16)), Spread((byte)(bits >> 24))).AsByte();

    /// <summary>Bytes widened to 16 bits: 8 of them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Widen8(ulong bytes, short* destination) =>
        Vector128.WidenLower(Vector128.CreateScalarUnsafe(bytes).AsByte()).AsInt16().Store(destination);

    /// <summary>A binary16 value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Half(byte* source) => (float)*(Half*)source;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Spread(byte bits)
    {
        if (Bmi2.X64.IsSupported)
            return Bmi2.X64.ParallelBitDeposit(bits, 0x1010101010101010);

        // One bit in each byte, then that byte's top bit when it is not zero, then moved to bit 4.
        ulong one = bits * 0x0101010101010101UL & 0x8040201008040201UL;
        return (((one & 0x7F7F7F7F7F7F7F7FUL) + 0x7F7F7F7F7F7F7F7FUL) | one) >> 3 & 0x1010101010101010UL;
    }
}
