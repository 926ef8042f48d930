using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

public readonly partial struct Q4_KFormat : IIntegerFormat
{
    static int IIntegerFormat.GroupLength => SubLength;

    static bool IIntegerFormat.Affine => true;

    static bool IIntegerFormat.Wide => false;

    static int IIntegerFormat.Offset => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static unsafe float IIntegerFormat.UnpackIntegers(byte* block, byte* values, short* scales, short* minima, out float minimum)
    {
        byte* quants = block + Quants;
        for (int pair = 0; pair < Length; pair += 2 * SubLength)
        {
            IntegerUnpacking.Nibbles32(quants, values + pair, values + pair + SubLength);
            quants += SubLength;
        }

        KQuantScales.Unpack(block + Scales, scales, minima);
        minimum = IntegerUnpacking.Half(block + sizeof(ushort));
        return IntegerUnpacking.Half(block);
    }
}
