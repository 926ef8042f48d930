using System.Globalization;
using System.Numerics;

namespace Harness.Text.Templates.Builtins;

/// <summary>Python's <c>round</c>, half to even from the exact value, and the ceiling and floor of Jinja2.</summary>
internal static class Rounding
{
    /// <summary>Digits beyond which a float has none to round.</summary>
    private const int MostDigits = 323;

    /// <summary>Rounds.</summary>
    /// <param name="value">The number.</param>
    /// <param name="precision">Digits behind the point; negative before it.</param>
    /// <param name="method"><c>common</c>, <c>ceil</c> or <c>floor</c>.</param>
    public static object? Round(object? value, int precision, string method)
    {
        if (method is not ("common" or "ceil" or "floor")) throw TemplateException.Failed("method must be common, ceil or floor");
        if (value is Undefined undefined) throw method == "common" ? TemplateException.Failed("type Undefined doesn't define __round__ method") : undefined.Used();
        if (!PyNumber.TryFloat(value, out double number)) throw TemplateException.Failed($"type {PyTypes.Name(value)} doesn't define __round__ method");
        if (method != "common")
        {
            double scale = Math.Pow(10, precision);
            return (method == "ceil" ? Math.Ceiling(number * scale) : Math.Floor(number * scale)) / scale;
        }

        return PyNumber.TryInteger(value, out BigInteger integer) ? Integer(integer, precision) : Real(number, precision);
    }

    private static object Integer(BigInteger value, int precision)
    {
        if (precision >= 0) return PyNumber.Normal(value);
        if (precision < -PyNumber.MaximumDigits) return 0L;
        var unit = BigInteger.Pow(10, -precision);
        BigInteger rounded = ExactDecimal.DivideHalfEven(BigInteger.Abs(value), unit) * unit;
        return PyNumber.Normal(value.Sign < 0 ? -rounded : rounded);
    }

    private static object Real(double value, int precision)
    {
        if (double.IsNaN(value) || double.IsInfinity(value) || precision > MostDigits) return value;
        if (precision < -MostDigits) return Math.CopySign(0, value);
        BigInteger digits = ExactDecimal.Scaled(Math.Abs(value), precision);
        double rounded = double.Parse($"{digits.ToString(CultureInfo.InvariantCulture)}e{(-precision).ToString(CultureInfo.InvariantCulture)}", CultureInfo.InvariantCulture);
        return Math.CopySign(rounded, value);
    }
}
