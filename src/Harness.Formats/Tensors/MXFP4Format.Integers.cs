using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Harness.Formats.Tensors;

public readonly unsafe partial struct MXFP4Format : IIntegerFormat
{
    // Twice the values of E2M1, plus 12.
    private static Vector128<byte> Levels
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector128.Create((byte)12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0);
    }

    static int IIntegerFormat.GroupLength => Length;

    static bool IIntegerFormat.Affine => false;

    static int IIntegerFormat.CodeBits => 4;

    static int IIntegerFormat.LargestValue => 24;

    static int IIntegerFormat.Offset => 12;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<byte> IIntegerFormat.Codes(byte* block, int index) =>
        IntegerUnpacking.Nibbles16(block + Quants);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<byte> IIntegerFormat.Values(Vector256<byte> codes) => IntegerUnpacking.LookUp16(codes, Levels);

    static void IIntegerFormat.Groups(byte* block, short* scales, short* minima)
    {
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static uint IIntegerFormat.ScaleBits(byte* block) => *block;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static uint IIntegerFormat.MinimumBits(byte* block) => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<float> IIntegerFormat.ToScales(Vector256<uint> bits)
    {
        // 2^(exponent − 128), subnormal below an exponent of 2: see HalfScale.
        Vector256<uint> subnormal = Vector256.Create(0x00200000u);
        Vector256<uint> small = Vector256.ConditionalSelect(Vector256.Equals(bits, Vector256<uint>.Zero), subnormal, subnormal << 1);
        return Vector256.ConditionalSelect(Vector256.LessThan(bits, Vector256.Create(2u)), small, (bits - Vector256<uint>.One) << 23).AsSingle();
    }
}
