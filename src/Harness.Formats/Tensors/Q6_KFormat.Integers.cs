using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Harness.Formats.Tensors;

public readonly partial struct Q6_KFormat : IIntegerFormat
{
    static int IIntegerFormat.GroupLength => ScaleLength;

    static bool IIntegerFormat.Affine => false;

    static bool IIntegerFormat.Wide => false;

    static int IIntegerFormat.Offset => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static unsafe float IIntegerFormat.UnpackIntegers(byte* block, byte* values, short* scales, short* minima, out float minimum)
    {
        var nibble = Vector256.Create((byte)15);
        var pair = Vector256.Create((byte)0x30);
        for (int half = 0; half < 2; half++)
        {
            Vector256<byte> first = Vector256.Load(block + (half * 64));
            Vector256<byte> second = Vector256.Load(block + (half * 64) + GroupLength);
            Vector256<byte> bits = Vector256.Load(block + HighBits + (half * GroupLength));
            byte* target = values + (half * HalfLength);
            ((first & nibble) | ((bits.AsUInt16() << 4).AsByte() & pair)).Store(target);
            ((second & nibble) | ((bits.AsUInt16() << 2).AsByte() & pair)).Store(target + GroupLength);
            (((first.AsUInt16() >>> 4).AsByte() & nibble) | (bits & pair)).Store(target + (2 * GroupLength));
            (((second.AsUInt16() >>> 4).AsByte() & nibble) | ((bits.AsUInt16() >>> 2).AsByte() & pair)).Store(target + (3 * GroupLength));
        }

        Vector256<short> groups = Vector256.WidenLower(Vector128.Load((sbyte*)(block + Scales)).ToVector256Unsafe());
        groups.Store(scales);
        (groups << 5).Store(minima);
        minimum = 0;
        return IntegerUnpacking.Half(block + SuperScale);
    }
}
