using System.Globalization;
using System.Numerics;

namespace Harness.Text.Templates.Values;

/// <summary>Python's numbers: integers of any size, of which those that fit are <see cref="long"/>, and floats.</summary>
internal static class PyNumber
{
    /// <summary>Python itself turns no longer integers into text, nor text into them.</summary>
    public const int MaximumDigits = 4300;

    /// <summary>An integer in its one form.</summary>
    public static object Normal(BigInteger value) => value >= long.MinValue && value <= long.MaxValue ? (object)(long)value : value;

    /// <summary>An integer: a boolean is one.</summary>
    public static bool TryInteger(object? value, out BigInteger number)
    {
        number = value switch { bool flag => flag ? 1 : 0, long small => small, BigInteger big => big, _ => default };
        return value is bool or long or BigInteger;
    }

    /// <summary>A number as a float.</summary>
    public static bool TryFloat(object? value, out double number)
    {
        number = value switch { bool flag => flag ? 1 : 0, long small => small, BigInteger big => (double)big, double same => same, _ => 0 };
        return value is bool or long or BigInteger or double;
    }

    /// <summary>An integer that counts or indexes something.</summary>
    /// <exception cref="TemplateException">It is none.</exception>
    public static long Index(object? value) => value switch
    {
        long number => number,
        bool flag => flag ? 1 : 0,
        BigInteger big => big.Sign > 0 ? long.MaxValue : long.MinValue,
        Undefined undefined => throw undefined.Used(),
        _ => throw TemplateException.Failed($"'{PyTypes.Name(value)}' object cannot be interpreted as an integer"),
    };

    /// <summary>Python's <c>repr</c> of a float: the shortest digits that give it back.</summary>
    public static string Repr(double value)
    {
        if (double.IsNaN(value)) return "nan";
        if (double.IsInfinity(value)) return value > 0 ? "inf" : "-inf";
        string round = value.ToString("R", CultureInfo.InvariantCulture);
        bool negative = round[0] == '-';
        string mantissa = negative ? round[1..] : round;
        int exponent = 0;
        int e = mantissa.IndexOf('E', StringComparison.Ordinal);
        if (e >= 0)
        {
            exponent = int.Parse(mantissa.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
            mantissa = mantissa[..e];
        }

        int point = mantissa.IndexOf('.', StringComparison.Ordinal);
        string digits = mantissa.Replace(".", "", StringComparison.Ordinal);
        int decimalPoint = (point < 0 ? mantissa.Length : point) + exponent;
        int zeros = digits.Length - digits.TrimStart('0').Length;
        digits = digits[zeros..].TrimEnd('0');
        decimalPoint -= zeros;
        if (digits.Length == 0) return negative ? "-0.0" : "0.0";
        return (negative ? "-" : "") + Layout(digits, decimalPoint);
    }

    /// <summary>Text to integer, as <c>int(text, base)</c>; false when it is none.</summary>
    public static bool TryParseInteger(string text, int radix, out BigInteger value)
    {
        value = default;
        string trimmed = PyText.Strip(text, null, start: true, end: true);
        bool negative = trimmed.StartsWith('-');
        if (trimmed.Length > 0 && trimmed[0] is '-' or '+') trimmed = trimmed[1..];
        string prefix = trimmed.Length > 1 && trimmed[0] == '0' ? char.ToLowerInvariant(trimmed[1]).ToString() : "";
        int named = prefix switch { "x" => 16, "o" => 8, "b" => 2, _ => 0 };
        bool prefixed = named > 0 && (radix == named || radix == 0);
        if (prefixed)
        {
            trimmed = trimmed[2..];
            if (trimmed.StartsWith('_')) trimmed = trimmed[1..];
        }

        int actual = radix != 0 ? radix : prefixed ? named : 10;
        if (actual is < 2 or > 36 || trimmed.Length is 0 or > MaximumDigits || trimmed[0] == '_' || trimmed[^1] == '_' || trimmed.Contains("__", StringComparison.Ordinal)) return false;
        // Python reads 010 only when told the base.
        if (radix == 0 && !prefixed && trimmed[0] == '0' && trimmed.Trim('0', '_').Length > 0) return false;
        foreach (char c in trimmed)
        {
            if (c == '_') continue;
            int digit = char.IsDigit(c) ? (int)char.GetNumericValue(c) : char.IsAsciiLetter(c) ? char.ToLowerInvariant(c) - 'a' + 10 : 99;
            if (digit >= actual) return false;
            value = (value * actual) + digit;
        }

        if (negative) value = -value;
        return true;
    }

    /// <summary>Text to float, as <c>float(text)</c>; false when it is none.</summary>
    public static bool TryParseFloat(string text, out double value)
    {
        string trimmed = PyText.Strip(text, null, start: true, end: true);
        string bare = trimmed.TrimStart('+', '-').ToLowerInvariant();
        value = bare switch { "inf" or "infinity" => double.PositiveInfinity, "nan" => double.NaN, _ => 0 };
        if (value != 0 && trimmed.Length - bare.Length <= 1)
        {
            if (trimmed[0] == '-') value = -value;
            return true;
        }

        for (int i = 0; i < trimmed.Length; i++)
            if (trimmed[i] == '_' && (i == 0 || i == trimmed.Length - 1 || !char.IsAsciiDigit(trimmed[i - 1]) || !char.IsAsciiDigit(trimmed[i + 1]))) return false;
        return double.TryParse(
            trimmed.Replace("_", "", StringComparison.Ordinal),
            NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);
    }

    private static string Layout(string digits, int point)
    {
        if (point is > 16 or < -3)
        {
            int exponent = point - 1;
            string fraction = digits.Length > 1 ? "." + digits[1..] : "";
            return $"{digits[0]}{fraction}e{(exponent < 0 ? "-" : "+")}{Math.Abs(exponent).ToString("00", CultureInfo.InvariantCulture)}";
        }

        if (point <= 0) return "0." + new string('0', -point) + digits;
        return point >= digits.Length ? digits + new string('0', point - digits.Length) + ".0" : digits[..point] + "." + digits[point..];
    }
}
