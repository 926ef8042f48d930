using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Harness.Formats.Tensors;

public readonly unsafe partial struct Q3_KFormat : IIntegerFormat
{
    static int IIntegerFormat.GroupLength => ScaleLength;

    static bool IIntegerFormat.Affine => false;

    static bool IIntegerFormat.Wide => false;

    static int IIntegerFormat.Offset => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<byte> IIntegerFormat.Values(byte* block, int index) =>
        IntegerUnpacking.Pairs(block + Quants + (index / 4 * GroupLength), index % 4) | IntegerUnpacking.Bit(block, index, 2);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void IIntegerFormat.Groups(byte* block, short* scales, short* minima)
    {
        Vector256<short> groups = Q3KScales.Unpack(block + Scales);
        groups.Store(scales);
        (groups << 2).Store(minima);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static uint IIntegerFormat.ScaleBits(byte* block) => *(ushort*)(block + SuperScale);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static uint IIntegerFormat.MinimumBits(byte* block) => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<float> IIntegerFormat.ToScales(Vector256<uint> bits) => IntegerUnpacking.Halves(bits);
}
