using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Harness.Formats.Tensors;

public readonly unsafe partial struct Q2_KFormat : IIntegerFormat
{
    static int IIntegerFormat.GroupLength => ScaleLength;

    static bool IIntegerFormat.Affine => true;

    static int IIntegerFormat.CodeBits => 2;

    static int IIntegerFormat.LargestValue => 3;

    static int IIntegerFormat.Offset => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<byte> IIntegerFormat.Codes(byte* block, int index) =>
        IntegerUnpacking.Pairs(block + Quants + (index / 4 * GroupLength), index % 4);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<byte> IIntegerFormat.Values(Vector256<byte> codes) => codes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void IIntegerFormat.Groups(byte* block, short* scales, short* minima)
    {
        Vector256<short> packed = IntegerUnpacking.Widen16(Vector128.Load(block));
        (packed & Vector256.Create((short)15)).Store(scales);
        (packed >>> 4).Store(minima);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static uint IIntegerFormat.ScaleBits(byte* block) => *(ushort*)(block + SuperScale);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static uint IIntegerFormat.MinimumBits(byte* block) => *(ushort*)(block + SuperScale + sizeof(ushort));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<float> IIntegerFormat.ToScales(Vector256<uint> bits) => IntegerUnpacking.Halves(bits);
}
