using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Harness.Formats.Tensors;

public readonly unsafe partial struct Q5_KFormat : IIntegerFormat
{
    static int IIntegerFormat.GroupLength => SubLength;

    static bool IIntegerFormat.Affine => true;

    static int IIntegerFormat.CodeBits => 5;

    static int IIntegerFormat.LargestValue => 31;

    static int IIntegerFormat.Offset => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<byte> IIntegerFormat.Codes(byte* block, int index) =>
        IntegerUnpacking.Nibbles(block + Quants + (index / 2 * SubLength), high: index % 2 == 1)
        | IntegerUnpacking.Bit(block + HighBits, index, 4);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<byte> IIntegerFormat.Values(Vector256<byte> codes) => codes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void IIntegerFormat.Groups(byte* block, short* scales, short* minima) =>
        KQuantScales.Unpack(block + Scales, scales, minima);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static uint IIntegerFormat.ScaleBits(byte* block) => *(ushort*)block;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static uint IIntegerFormat.MinimumBits(byte* block) => *(ushort*)(block + sizeof(ushort));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<float> IIntegerFormat.ToScales(Vector256<uint> bits) => IntegerUnpacking.Halves(bits);
}
