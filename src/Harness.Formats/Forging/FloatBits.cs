using System.Numerics;

namespace Harness.Formats.Forging;

/// <summary>
/// Bit patterns of floating-point numbers made from integers alone, so that no machine's arithmetic has a say in them.
/// A number is given as magnitude × 2^exponent and rounded to nearest, halves up.
/// </summary>
internal static class FloatBits
{
    /// <summary>binary32.</summary>
    public static uint Single(long value, int exponent) => (uint)Encode(value, exponent, mantissaBits: 23, bias: 127, signBit: 31);

    /// <summary>binary16; numbers too small become subnormal.</summary>
    public static ushort Half(long value, int exponent) => (ushort)Encode(value, exponent, mantissaBits: 10, bias: 15, signBit: 15);

    /// <summary>bfloat16.</summary>
    public static ushort BFloat16(long value, int exponent) => (ushort)Encode(value, exponent, mantissaBits: 7, bias: 127, signBit: 15);

    private static ulong Encode(long value, int exponent, int mantissaBits, int bias, int signBit)
    {
        if (value == 0)
            return 0;
        ulong sign = value < 0 ? 1UL << signBit : 0;
        ulong magnitude = (ulong)Math.Abs(value);

        // The unit is the last bit kept: of the number's own binade, or of the smallest one for subnormals.
        int top = BitOperations.Log2(magnitude) + exponent;
        int binade = Math.Max(top, 1 - bias);
        int shift = binade - mantissaBits - exponent;
        ulong kept = shift > 63 ? 0 : shift > 0 ? ((magnitude >> (shift - 1)) + 1) >> 1 : magnitude << -shift;

        // The leading bit adds one to the exponent field, as does a carry out of rounding; a subnormal has neither.
        return sign | (((ulong)(binade + bias - 1) << mantissaBits) + kept);
    }
}
