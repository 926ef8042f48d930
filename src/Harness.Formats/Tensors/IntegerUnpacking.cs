using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Harness.Formats.Tensors;

/// <summary>Steps that several formats share when they unpack to bytes.</summary>
internal static unsafe class IntegerUnpacking
{
    /// <summary>The low nibbles of 32 bytes, or the high ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Nibbles(byte* packed, bool high)
    {
        Vector256<byte> pairs = Vector256.Load(packed);
        return (high ? (pairs.AsUInt16() >>> 4).AsByte() : pairs) & Vector256.Create((byte)15);
    }

    /// <summary>16 bytes of nibbles: the low ones, then the high ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Nibbles16(byte* packed)
    {
        Vector128<byte> pairs = Vector128.Load(packed);
        return Vector256.Create(pairs, (pairs.AsUInt16() >>> 4).AsByte()) & Vector256.Create((byte)15);
    }

    /// <summary>The bytes that a table of 16 has for codes below 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> LookUp16(Vector256<byte> codes, Vector128<byte> table) => Avx2.IsSupported
        ? Avx2.Shuffle(Vector256.Create(table, table), codes)
        : Vector256.Create(Vector128.Shuffle(table, codes.GetLower()), Vector128.Shuffle(table, codes.GetUpper()));

    /// <summary>A pair of bits of each byte.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Pairs(byte* packed, int pair) =>
        (Vector256.Load(packed).AsUInt16() >>> (2 * pair)).AsByte() & Vector256.Create((byte)3);

    /// <summary>One bit of each byte, moved to another place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Bit(byte* packed, int from, int to)
    {
        Vector256<ushort> bits = Vector256.Load(packed).AsUInt16();
        return (from > to ? bits >>> (from - to) : bits << (to - from)).AsByte() & Vector256.Create((byte)(1 << to));
    }

    /// <summary>The bits of a word as bytes of 0 or 16, the lowest bit first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> FifthBits(uint bits) => Vector256.Create(
        Spread((byte)bits), Spread((byte)(bits >> 8)), Spread((byte)(bits >> 16)), Spread((byte)(bits >> 24))).AsByte();

    /// <summary>Bytes widened to 16 bits: 8 of them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Widen8(ulong bytes, short* destination) =>
        Vector128.WidenLower(Vector128.CreateScalarUnsafe(bytes).AsByte()).AsInt16().Store(destination);

    /// <summary>16 bytes widened to 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Widen16(Vector128<byte> bytes) => Vector256.WidenLower(bytes.ToVector256Unsafe()).AsInt16();

    /// <summary>Eight finite binary16 values, subnormal ones too.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Halves(Vector256<uint> bits)
    {
        // Sign, exponent and significand where binary32 has them; its exponents begin 112 further down.
        Vector256<int> small = ((bits << 16).AsInt32() >> 3) & Vector256.Create(unchecked((int)0x8FFFE000));
        return small.AsSingle() * Vector256.Create(5.192296858534828e33f);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Spread(byte bits)
    {
        if (Bmi2.X64.IsSupported)
            return Bmi2.X64.ParallelBitDeposit(bits, 0x1010101010101010);

        // One bit in each byte, then that byte's top bit when it is not zero, then moved to bit 4.
        ulong one = (bits * 0x0101010101010101UL) & 0x8040201008040201UL;
        return ((((one & 0x7F7F7F7F7F7F7F7FUL) + 0x7F7F7F7F7F7F7F7FUL) | one) >> 3) & 0x1010101010101010UL;
    }
}
