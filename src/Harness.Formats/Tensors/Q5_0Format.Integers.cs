using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Harness.Formats.Tensors;

public readonly unsafe partial struct Q5_0Format : IIntegerFormat
{
    static int IIntegerFormat.GroupLength => Length;

    static bool IIntegerFormat.Affine => false;

    static int IIntegerFormat.CodeBits => 5;

    static int IIntegerFormat.LargestValue => 31;

    static int IIntegerFormat.Offset => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<byte> IIntegerFormat.Codes(byte* block, int index) =>
        IntegerUnpacking.Nibbles16(block + Quants) | IntegerUnpacking.FifthBits(*(uint*)(block + HighBits));

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
