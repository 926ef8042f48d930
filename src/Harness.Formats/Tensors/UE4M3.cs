namespace Harness.Formats.Tensors;

/// <summary>
/// The scale of NVFP4: an 8-bit float without its sign bit, four bits of exponent (bias 7), three of mantissa, at most
/// 448. It multiplies 4-bit floats that are held doubled (<see cref="E2M1"/>), so half of it is what is needed.
/// </summary>
internal static class UE4M3
{
    private static readonly float[] Halves = [.. Enumerable.Range(0, 256).Select(code => Decode(code & 127, code))];

    /// <summary>Half of what a code stands for; 0 for the code of NaN, as ggml reads it.</summary>
    public static float Half(byte code) => Halves[code];

    /// <summary>The code of a scale, rounded as ggml rounds: to nearest by the bit below the mantissa.</summary>
    /// <param name="value">A scale; 0 and less are code 0, 448 and more the largest.</param>
    public static byte Encode(float value)
    {
        const int largest = 0x7E;
        if (!(value > 0)) return 0;
        uint bits = BitConverter.SingleToUInt32Bits(MathF.Min(value, 448));
        int exponent = (int)(bits >> 23) - 127 + 7;

        // Below 2^-6 the mantissa counts units of 2^-9.
        if (exponent <= 0) return (byte)Math.Min(7, (int)((value * 512) + 0.5f));
        int code = (exponent << 3) + (int)((bits >> 20) & 7) + (int)((bits >> 19) & 1);

        // From 256 on ggml takes the largest, 448, though there are codes between.
        return (byte)(code < 15 << 3 ? code : largest);
    }

    private static float Decode(int magnitude, int code)
    {
        if (code is 0 or 0x7F) return 0;
        int exponent = (code >> 3) & 15, mantissa = magnitude & 7;
        return exponent == 0 ? MathF.ScaleB(mantissa, -10) : MathF.ScaleB(8 + mantissa, exponent - 7 - 4);
    }
}
