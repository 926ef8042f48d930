using System.Runtime.Intrinsics;

namespace Harness.Formats.Tensors;

/// <summary>
/// The 4-bit float of the OCP Microscaling specification (v1.0, section 5.3.3): a sign, two bits of exponent, one of
/// mantissa. Values here are doubled, so that they are whole: 0, 1, 2, 3, 4, 6, 8, 12 and their negatives.
/// </summary>
internal static class E2M1
{
    /// <summary>What each code stands for, doubled.</summary>
    public static ReadOnlySpan<sbyte> Doubled => [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12];

    /// <summary><see cref="Doubled"/> in a register.</summary>
    public static Vector128<sbyte> Table => Vector128.Create(0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12);

    /// <summary>The code whose value is nearest; the smaller code of two that are equally near.</summary>
    /// <param name="value">A value.</param>
    /// <param name="scale">Half of the block's scale: what <see cref="Doubled"/> is multiplied by.</param>
    /// <returns>0 to 15; never 8, which is −0.</returns>
    public static int Nearest(float value, float scale)
    {
        int best = 0;
        float least = MathF.Abs((Doubled[0] * scale) - value);
        for (int code = 1; code < 16; code++)
        {
            float error = MathF.Abs((Doubled[code] * scale) - value);
            if (error < least) (best, least) = (code, error);
        }

        return best;
    }
}
