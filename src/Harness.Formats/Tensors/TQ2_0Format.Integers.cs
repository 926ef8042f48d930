using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Harness.Formats.Tensors;

public readonly unsafe partial struct TQ2_0Format : IIntegerFormat
{
    static int IIntegerFormat.GroupLength => GroupLength;

    static bool IIntegerFormat.Affine => false;

    static int IIntegerFormat.CodeBits => 2;

    static int IIntegerFormat.LargestValue => 2;

    static int IIntegerFormat.Offset => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<byte> IIntegerFormat.Codes(byte* block, int index) =>
        IntegerUnpacking.Pairs(block + (index / 4 * GroupLength), index % 4);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<byte> IIntegerFormat.Values(Vector256<byte> codes) => codes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void IIntegerFormat.Groups(byte* block, short* scales, short* minima)
    {
        Vector128<short>.One.Store(scales);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static uint IIntegerFormat.ScaleBits(byte* block) => *(ushort*)(block + SuperScale);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static uint IIntegerFormat.MinimumBits(byte* block) => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<float> IIntegerFormat.ToScales(Vector256<uint> bits) => IntegerUnpacking.Halves(bits);
}
