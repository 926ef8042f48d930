using System.Globalization;
using System.Numerics;
using System.Text;

namespace Harness.Text.Templates.Values;

/// <summary>Python's format specification: <c>[[fill]align][sign][#][0][width][,_][.precision][type]</c>.</summary>
internal sealed class PyFormatSpec
{
    private string _fill = " ";
    private char _align;
    private char _sign = '-';
    private bool _alternate;
    private int _width;
    private char _grouping;
    private int _precision = -1;
    private char _type;

    private PyFormatSpec()
    {
    }

    /// <summary>Formats a value.</summary>
    public static string Format(RenderState state, object? value, string specification)
    {
        if (specification.Length == 0) return PyRepr.Str(state, value);
        if (value is not (bool or long or BigInteger or double or string or Markup))
            throw TemplateException.Failed($"unsupported format string passed to {PyTypes.Name(value)}.__format__");
        PyFormatSpec spec = Parse(specification);
        state.ChargeText(spec._width);
        state.ChargeText(Math.Max(0, spec._precision));
        return state.Made(PyText.TryGet(value, out string text) ? spec.Text(text) : spec.Number(value));
    }

    private static PyFormatSpec Parse(string text)
    {
        var spec = new PyFormatSpec();
        int at = 0;
        int first = PyText.At(text, 0).Utf16SequenceLength;
        if (text.Length > first && text[first] is '<' or '>' or '=' or '^')
        {
            spec._fill = text[..first];
            spec._align = text[first];
            at = first + 1;
        }
        else if (text[0] is '<' or '>' or '=' or '^')
        {
            spec._align = text[at++];
        }

        if (at < text.Length && text[at] is '+' or '-' or ' ') spec._sign = text[at++];
        if (at < text.Length && text[at] == '#') spec._alternate = text[at++] == '#';
        if (at < text.Length && text[at] == '0')
        {
            at++;
            if (spec._align == 0)
            {
                spec._fill = "0";
                spec._align = '=';
            }
        }

        spec._width = Digits(text, ref at);
        if (at < text.Length && text[at] is ',' or '_') spec._grouping = text[at++];
        if (at < text.Length && text[at] == '.')
        {
            at++;
            int before = at;
            spec._precision = Digits(text, ref at);
            if (at == before) throw TemplateException.Failed("Format specifier missing precision");
        }

        if (at < text.Length) spec._type = text[at++];
        return at == text.Length ? spec : throw TemplateException.Failed($"Invalid format specifier '{text}'");
    }

    private static int Digits(string text, ref int at)
    {
        int value = 0;
        for (; at < text.Length && char.IsAsciiDigit(text[at]); at++)
        {
            if (value > 100_000_000) throw TemplateException.Failed("Too many decimal digits in format string");
            value = (value * 10) + (text[at] - '0');
        }

        return value;
    }

    private string Text(string text)
    {
        if (_type is not ('\0' or 's')) throw Unknown("str");
        if (_sign != '-') throw TemplateException.Failed("Sign not allowed in string format specifier");
        if (_align == '=' && _fill != "0") throw TemplateException.Failed("'=' alignment not allowed in string format specifier");
        if (_precision >= 0 && _precision < PyText.Length(text)) text = text[..PyText.UnitIndex(text, _precision)];
        return Pad("", text, _align is '\0' or '=' ? '<' : _align);
    }

    private string Number(object? value)
    {
        if (value is double real) return Float(real);
        if (value is bool flag && _type == '\0' && _precision < 0) return Text(flag ? "True" : "False") is var word && _align == 0 ? Pad("", flag ? "1" : "0", '>') : word;
        PyNumber.TryInteger(value, out BigInteger number);
        if (_type is 'e' or 'E' or 'f' or 'F' or 'g' or 'G' or '%') return Float((double)number);
        if (_precision >= 0) throw TemplateException.Failed("Precision not allowed in integer format specifier");
        BigInteger size = BigInteger.Abs(number);
        (string prefix, string digits) = _type switch
        {
            '\0' or 'd' or 'n' => ("", size.ToString(CultureInfo.InvariantCulture)),
            'b' => ("0b", Radix(size, 1)),
            'o' => ("0o", Radix(size, 3)),
            'x' => ("0x", Radix(size, 4)),
            'X' => ("0X", Radix(size, 4).ToUpperInvariant()),
            'c' => ("", number.Sign >= 0 && number <= 0x10ffff ? char.ConvertFromUtf32((int)number) : throw TemplateException.Failed("%c arg not in range(0x110000)")),
            _ => throw Unknown("int"),
        };
        if (_type == 'c') return Pad("", digits, _align is '\0' or '=' ? '<' : _align);
        return Signed(number.Sign < 0, _alternate ? prefix : "", digits, _type is 'b' or 'o' or 'x' or 'X' ? 4 : 3);
    }

    private string Float(double value)
    {
        double size = Math.Abs(value);
        bool negative = double.IsNegative(value) && !double.IsNaN(value);
        if (double.IsNaN(value) || double.IsInfinity(value))
        {
            string word = double.IsNaN(value) ? "nan" : "inf";
            return Signed(negative, "", (_type is 'E' or 'F' or 'G' ? word.ToUpperInvariant() : word) + (_type == '%' ? "%" : ""), 3);
        }

        int precision = _precision < 0 ? 6 : _precision;
        string digits = _type switch
        {
            'f' or 'F' => ExactDecimal.Fixed(size, precision),
            'e' or 'E' => ExactDecimal.Exponential(size, precision),
            'g' or 'G' or 'n' => ExactDecimal.General(size, precision, _alternate),
            '%' => ExactDecimal.Fixed(size * 100, precision) + "%",
            '\0' => _precision < 0 ? PyNumber.Repr(size) : Shortest(size),
            _ => throw Unknown("float"),
        };
        return Signed(negative, "", _type is 'E' or 'G' ? digits.ToUpperInvariant() : digits, 3);
    }

    /// <summary>General notation that still looks like a float.</summary>
    private string Shortest(double size)
    {
        // Like g, but scientific already where the digits would fill the precision, and with one digit behind the point.
        (_, int exponent) = ExactDecimal.Scientific(size, Math.Max(1, _precision) - 1);
        if (exponent >= -4 && exponent >= Math.Max(1, _precision) - 1 && exponent < Math.Max(1, _precision))
        {
            (string digits, _) = ExactDecimal.Scientific(size, Math.Max(1, _precision) - 1);
            string fraction = digits[1..].TrimEnd('0');
            return digits[..1] + (fraction.Length > 0 ? "." + fraction : "") + "e+" + exponent.ToString("00", CultureInfo.InvariantCulture);
        }

        string made = ExactDecimal.General(size, _precision, keepZeros: false);
        return made.AsSpan().IndexOfAny('.', 'e') < 0 ? made + ".0" : made;
    }

    private string Signed(bool negative, string prefix, string digits, int group)
    {
        string sign = (negative ? "-" : _sign == '+' ? "+" : _sign == ' ' ? " " : "") + prefix;
        if (_grouping != 0)
        {
            int zeros = _fill == "0" && _align == '=' ? Math.Max(0, _width - sign.Length) : 0;
            digits = Group(digits, group, zeros);
        }

        return Pad(sign, digits, _align == 0 ? '>' : _align);
    }

    private string Group(string digits, int size, int width)
    {
        int whole = 0;
        while (whole < digits.Length && char.IsAsciiHexDigit(digits[whole])) whole++;
        if (digits.AsSpan(0, whole).IndexOf('e') is var e and > 0 && _type is not ('x' or 'X')) whole = e;
        string rest = digits[whole..];
        var made = new StringBuilder();
        string all = digits[..whole];
        // Zeros that fill the width are grouped like the rest.
        while (all.Length + ((all.Length - 1) / size) + rest.Length < width) all = "0" + all;
        for (int i = 0; i < all.Length; i++)
        {
            if (i > 0 && (all.Length - i) % size == 0) made.Append(_grouping);
            made.Append(all[i]);
        }

        return made.Append(rest).ToString();
    }

    private string Pad(string sign, string body, char align)
    {
        int missing = _width - PyText.Length(sign) - PyText.Length(body);
        if (missing <= 0) return sign + body;
        int left = align switch { '<' => 0, '^' => missing / 2, _ => missing };
        string before = Fill(left), after = Fill(missing - left);
        return align == '=' ? sign + before + body : before + sign + body + after;
    }

    private string Fill(int count) => string.Concat(Enumerable.Repeat(_fill, count));

    private TemplateException Unknown(string type) => TemplateException.Failed($"Unknown format code '{_type}' for object of type '{type}'");

    /// <summary>Digits in a base that is a power of two.</summary>
    internal static string Radix(BigInteger value, int bits)
    {
        if (value.IsZero) return "0";
        var made = new StringBuilder();
        for (; !value.IsZero; value >>= bits) made.Insert(0, "0123456789abcdef"[(int)(value & ((1 << bits) - 1))]);
        return made.ToString();
    }
}
