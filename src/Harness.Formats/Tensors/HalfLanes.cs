using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <summary>binary16 widened in registers; .NET exposes no instruction for it.</summary>
internal static class HalfLanes
{
    /// <summary>
    /// Widens binary16 bit patterns, held zero-extended in integer lanes, to float32. Exact for every finite value,
    /// subnormals included, and for infinities.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes ToSingle<TLanes>(TLanes halves)
        where TLanes : struct, ILanes<TLanes>
    {
        TLanes magnitude = halves & TLanes.Fill(0x7FFF);
        TLanes sign = (halves & TLanes.Fill(0x8000)) << 16;

        // Normal: move the exponent and mantissa up, and raise the bias from 15 to 127. An all-ones exponent is raised
        // twice, to all ones.
        TLanes shifted = magnitude << 13;
        TLanes normal = TLanes.AddInteger(shifted, TLanes.Fill((127 - 15) << 23));
        TLanes special = TLanes.AddInteger(normal, TLanes.Fill((127 - 15) << 23));

        // Subnormal: the mantissa counts units of 2^-24; put it under the exponent of 0.5, whose last bit is 2^-24,
        // and take 0.5 away. No subnormal float is ever touched, which some processors would be slow at.
        TLanes subnormal = (magnitude | TLanes.Fill(126 << 23)) - TLanes.Fill(0.5f);

        TLanes finite = TLanes.SelectIntegerLess(magnitude, TLanes.Fill(0x0400), subnormal, normal);
        return TLanes.SelectIntegerLess(magnitude, TLanes.Fill(0x7C00), finite, special) | sign;
    }
}
