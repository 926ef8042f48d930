using System.Globalization;
using System.Numerics;

namespace Harness.Text.Templates.Values;

/// <summary>Decimal digits of floats, rounded once and half to even from the exact value, as Python's are.</summary>
internal static class ExactDecimal
{
    private const int FractionBits = 52;
    private const int ExponentBias = 1075;

    /// <summary>So many digits behind the point.</summary>
    /// <param name="value">Finite and not negative.</param>
    /// <param name="precision">Digits behind the point; negative rounds before it.</param>
    /// <returns>The digits without a point: the value times ten to the precision.</returns>
    public static BigInteger Scaled(double value, int precision)
    {
        long bits = BitConverter.DoubleToInt64Bits(value);
        int exponent = (int)(bits >> FractionBits & 0x7ff);
        BigInteger numerator = (bits & ((1L << FractionBits) - 1)) | (exponent > 0 ? 1L << FractionBits : 0);
        int power = Math.Max(exponent, 1) - ExponentBias;
        BigInteger denominator = BigInteger.One;
        if (power > 0) numerator <<= power;
        else denominator <<= -power;
        if (precision >= 0) numerator *= BigInteger.Pow(10, precision);
        else denominator *= BigInteger.Pow(10, -precision);
        return DivideHalfEven(numerator, denominator);
    }

    /// <summary>Divides, and rounds half to even.</summary>
    public static BigInteger DivideHalfEven(BigInteger numerator, BigInteger denominator)
    {
        BigInteger quotient = BigInteger.DivRem(numerator, denominator, out BigInteger rest);
        int half = (rest * 2).CompareTo(denominator);
        return half > 0 || (half == 0 && !quotient.IsEven) ? quotient + 1 : quotient;
    }

    /// <summary>Fixed notation, without a sign.</summary>
    public static string Fixed(double value, int precision)
    {
        string digits = Scaled(value, precision).ToString(CultureInfo.InvariantCulture).PadLeft(precision + 1, '0');
        return precision == 0 ? digits : digits[..^precision] + "." + digits[^precision..];
    }

    /// <summary>The leading digits, so many and one, and the power of ten of the first.</summary>
    public static (string Digits, int Exponent) Scientific(double value, int precision)
    {
        if (value == 0) return (new string('0', precision + 1), 0);
        int exponent = (int)Math.Floor(Math.Log10(value));
        // The logarithm may be off by one, and rounding may carry.
        for (int guess = exponent + 1; ; guess--)
        {
            string digits = Scaled(value, precision - guess).ToString(CultureInfo.InvariantCulture);
            if (digits.Length == precision + 1) return (digits, guess);
            if (digits.Length > precision + 1) return (digits[..(precision + 1)], guess + 1);
        }
    }

    /// <summary>Scientific notation, without a sign.</summary>
    public static string Exponential(double value, int precision)
    {
        (string digits, int exponent) = Scientific(value, precision);
        return digits[..1] + (precision > 0 ? "." + digits[1..] : "") + Power(exponent);
    }

    /// <summary>The shorter of both, of so many digits that matter.</summary>
    /// <param name="value">Finite and not negative.</param>
    /// <param name="precision">Digits that matter.</param>
    /// <param name="keepZeros">Whether zeros at the end stay.</param>
    public static string General(double value, int precision, bool keepZeros)
    {
        precision = Math.Max(1, precision);
        (string digits, int exponent) = Scientific(value, precision - 1);
        if (exponent < -4 || exponent >= precision)
        {
            string fraction = digits[1..];
            if (!keepZeros) fraction = fraction.TrimEnd('0');
            return digits[..1] + (fraction.Length > 0 ? "." + fraction : "") + Power(exponent);
        }

        string made = Fixed(value, precision - 1 - exponent);
        return keepZeros || !made.Contains('.', StringComparison.Ordinal) ? made : made.TrimEnd('0').TrimEnd('.');
    }

    private static string Power(int exponent) =>
        (exponent < 0 ? "e-" : "e+") + Math.Abs(exponent).ToString("00", CultureInfo.InvariantCulture);
}
