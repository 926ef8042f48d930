using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Harness.Formats.Tensors;

public readonly unsafe partial struct Q4_0Format : IIntegerFormat
{
    static int IIntegerFormat.GroupLength => Length;

    static bool IIntegerFormat.Affine => false;

    static int IIntegerFormat.CodeBits => 4;

    static int IIntegerFormat.LargestValue => 15;

    static int IIntegerFormat.Offset => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<byte> IIntegerFormat.Codes(byte* block, int index) =>
        IntegerUnpacking.Nibbles16(block + Quants);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<byte> IIntegerFormat.Values(Vector256<byte> codes) => codes;

    static void IIntegerFormat.Groups(byte* block, short* scales, short* minima)
    {
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static uint IIntegerFormat.ScaleBits(byte* block) => *(ushort*)block;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static uint IIntegerFormat.MinimumBits(byte* block) => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<float> IIntegerFormat.ToScales(Vector256<uint> bits) => IntegerUnpacking.Halves(bits);
}
