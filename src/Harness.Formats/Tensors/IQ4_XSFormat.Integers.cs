using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Harness.Formats.Tensors;

public readonly unsafe partial struct IQ4_XSFormat : IIntegerFormat
{
    static int IIntegerFormat.GroupLength => SubLength;

    static bool IIntegerFormat.Affine => false;

    static int IIntegerFormat.CodeBits => 4;

    static int IIntegerFormat.LargestValue => 128;

    static int IIntegerFormat.Offset => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<byte> IIntegerFormat.Codes(byte* block, int index) =>
        IntegerUnpacking.Nibbles16(block + Quants + (index * HalfLength));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<byte> IIntegerFormat.Values(Vector256<byte> codes) => IntegerUnpacking.LookUp16(codes, IQ4Levels.Table.AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void IIntegerFormat.Groups(byte* block, short* scales, short* minima)
    {
        // The 6 bits of scale s: a nibble of byte s / 2, and pair s of the 16 upper bits; both brought to a byte each.
        uint low = *(uint*)(block + LowerScales);
        uint high = *(ushort*)(block + UpperScales);
        ulong bytes = 0;
        for (int sub = 0; sub < Length / SubLength; sub++)
            bytes |= (ulong)(((low >> (4 * sub)) & 15) | (((high >> (2 * sub)) & 3) << 4)) << (8 * sub);
        IntegerUnpacking.Widen8(bytes, scales);
        Vector128<short> groups = Vector128.Load(scales) - Vector128.Create((short)32);
        groups.Store(scales);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static uint IIntegerFormat.ScaleBits(byte* block) => *(ushort*)block;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static uint IIntegerFormat.MinimumBits(byte* block) => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<float> IIntegerFormat.ToScales(Vector256<uint> bits) => IntegerUnpacking.Halves(bits);
}
