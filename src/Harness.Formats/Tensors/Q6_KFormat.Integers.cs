using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Harness.Formats.Tensors;

public readonly unsafe partial struct Q6_KFormat : IIntegerFormat
{
    static int IIntegerFormat.GroupLength => ScaleLength;

    static bool IIntegerFormat.Affine => false;

    static int IIntegerFormat.CodeBits => 6;

    static int IIntegerFormat.LargestValue => 63;

    static int IIntegerFormat.Offset => 32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<byte> IIntegerFormat.Codes(byte* block, int index)
    {
        byte* low = block + (index / 4 * 64) + (index % 2 * GroupLength);
        Vector256<ushort> bits = Vector256.Load(block + HighBits + (index / 4 * GroupLength)).AsUInt16();
        Vector256<ushort> pair = (index % 4) switch
        {
            0 => bits << 4,
            1 => bits << 2,
            2 => bits,
            _ => bits >>> 2,
        };
        return IntegerUnpacking.Nibbles(low, high: index % 4 >= 2) | (pair.AsByte() & Vector256.Create((byte)0x30));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<byte> IIntegerFormat.Values(Vector256<byte> codes) => codes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void IIntegerFormat.Groups(byte* block, short* scales, short* minima)
    {
        Vector256<short> groups = Vector256.WidenLower(Vector128.Load((sbyte*)(block + Scales)).ToVector256Unsafe());
        groups.Store(scales);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static uint IIntegerFormat.ScaleBits(byte* block) => *(ushort*)(block + SuperScale);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static uint IIntegerFormat.MinimumBits(byte* block) => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<float> IIntegerFormat.ToScales(Vector256<uint> bits) => IntegerUnpacking.Halves(bits);
}
