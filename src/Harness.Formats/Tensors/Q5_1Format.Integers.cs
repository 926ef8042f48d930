using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Harness.Formats.Tensors;

public readonly partial struct Q5_1Format : IIntegerFormat
{
    static int IIntegerFormat.GroupLength => Length;

    static bool IIntegerFormat.Affine => true;

    static bool IIntegerFormat.Wide => false;

    static int IIntegerFormat.Offset => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static unsafe float IIntegerFormat.UnpackIntegers(byte* block, byte* values, short* scales, short* minima, out float minimum)
    {
        (IntegerUnpacking.Nibbles16(block + Quants) | IntegerUnpacking.FifthBits(*(uint*)(block + HighBits))).Store(values);
        minimum = -IntegerUnpacking.Half(block + sizeof(ushort));
        return IntegerUnpacking.Half(block);
    }
}
