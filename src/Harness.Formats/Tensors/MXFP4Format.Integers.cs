using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Harness.Formats.Tensors;

public readonly partial struct MXFP4Format : IIntegerFormat
{
    // Twice the values of E2M1, plus 12.
    private static Vector128<byte> Levels => Vector128.Create((byte)12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0);

    static int IIntegerFormat.GroupLength => Length;

    static bool IIntegerFormat.Affine => false;

    static bool IIntegerFormat.Wide => false;

    static int IIntegerFormat.Offset => 12;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static unsafe float IIntegerFormat.UnpackIntegers(byte* block, byte* values, short* scales, short* minima, out float minimum)
    {
        Vector128<byte> pairs = Vector128.Load(block + Quants);
        var nibble = Vector128.Create((byte)15);
        Vector128.Shuffle(Levels, pairs & nibble).Store(values);
        Vector128.Shuffle(Levels, (pairs.AsUInt16() >>> 4).AsByte() & nibble).Store(values + 16);
        minimum = 0;
        return HalfScale(*block);
    }
}
