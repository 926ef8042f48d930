using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Harness.Formats.Tensors;

public readonly partial struct Q8_0Format : IIntegerFormat
{
    static int IIntegerFormat.GroupLength => Length;

    static bool IIntegerFormat.Affine => false;

    static bool IIntegerFormat.Wide => true;

    static int IIntegerFormat.Offset => 128;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static unsafe float IIntegerFormat.UnpackIntegers(byte* block, byte* values, short* scales, short* minima, out float minimum)
    {
        (Vector256.Load(block + Quants) ^ Vector256.Create((byte)128)).Store(values);
        minimum = 0;
        return IntegerUnpacking.Half(block);
    }
}
