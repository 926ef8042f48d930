using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Harness.Formats.Tensors;

public readonly partial struct Q5_KFormat : IIntegerFormat
{
    static int IIntegerFormat.GroupLength => SubLength;

    static bool IIntegerFormat.Affine => true;

    static bool IIntegerFormat.Wide => false;

    static int IIntegerFormat.Offset => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static unsafe float IIntegerFormat.UnpackIntegers(byte* block, byte* values, short* scales, short* minima, out float minimum)
    {
        var nibble = Vector256.Create((byte)15);
        var fifth = Vector256.Create((byte)16);
        Vector256<byte> high = Vector256.Load(block + HighBits);
        byte* quants = block + Quants;

        // Bit 2j of the high bytes is the fifth of sub-block 2j, bit 2j + 1 of the next: brought to bit 4 pair by pair.
        for (int pair = 0; pair < Length; pair += 2 * SubLength)
        {
            Vector256<byte> pairs = Vector256.Load(quants);
            Vector256<byte> low = (high.AsUInt16() << 4).AsByte() & fifth;
            Vector256<byte> next = (high.AsUInt16() << 3).AsByte() & fifth;
            ((pairs & nibble) | low).Store(values + pair);
            (((pairs.AsUInt16() >>> 4).AsByte() & nibble) | next).Store(values + pair + SubLength);
            high = (high.AsUInt16() >>> 2).AsByte() & Vector256.Create((byte)0x3F);
            quants += SubLength;
        }

        KQuantScales.Unpack(block + Scales, scales, minima);
        minimum = IntegerUnpacking.Half(block + sizeof(ushort));
        return IntegerUnpacking.Half(block);
    }
}
