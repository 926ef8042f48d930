using System.Globalization;
using System.Numerics;
using System.Text;

namespace Harness.Text.Templates.Values;

/// <summary>Python's <c>text % values</c>.</summary>
internal sealed class PyPercent
{
    private readonly RenderState _state;
    private readonly object?[]? _tuple;
    private readonly object? _single;
    private readonly bool _escape;
    private int _taken;
    private bool _usedNames;

    private PyPercent(RenderState state, object? values, bool escape)
    {
        _state = state;
        _tuple = (values as PyTuple)?.Items;
        _single = values;
        _escape = escape;
    }

    /// <summary>Formats.</summary>
    /// <param name="state">The rendering.</param>
    /// <param name="left">The text itself; marked as safe, it escapes what is put in.</param>
    /// <param name="pattern">Its text.</param>
    /// <param name="right">A tuple of values, a dict of named ones, or one value.</param>
    public static object Format(RenderState state, object left, string pattern, object? right)
    {
        var formatter = new PyPercent(state, right, left is Markup);
        string made = state.Made(formatter.Run(pattern));
        return left is Markup ? new Markup(made) : made;
    }

    private string Run(string pattern)
    {
        var made = new StringBuilder();
        for (int i = 0; i < pattern.Length; i++)
        {
            if (pattern[i] != '%')
            {
                made.Append(pattern[i]);
                continue;
            }

            i++;
            string text = One(pattern, ref i);
            _state.Step();
            _state.ChargeText(text.Length);
            made.Append(text);
        }

        int rest = _tuple is not null ? _tuple.Length - _taken : _usedNames || _taken > 0 || _single is PyDict or PyList or PyRange or Undefined ? 0 : 1;
        if (rest > 0) throw TemplateException.Failed("not all arguments converted during string formatting");
        return made.ToString();
    }

    private string One(string pattern, ref int i)
    {
        string? name = null;
        if (At(pattern, i) == '(')
        {
            int open = 1, start = ++i;
            for (; open > 0; i++)
            {
                if (At(pattern, i) is var c && c == '\0') throw TemplateException.Failed("incomplete format key");
                if (c == '(') open++;
                else if (c == ')') open--;
            }

            name = pattern[start..(i - 1)];
            if (_single is not PyDict) throw TemplateException.Failed("format requires a mapping");
        }

        string flags = "";
        while (At(pattern, i) is '-' or '+' or ' ' or '#' or '0') flags += pattern[i++];
        int width = Size(pattern, ref i, ref flags) ?? 0;
        int? precision = null;
        if (At(pattern, i) == '.')
        {
            i++;
            string none = "";
            precision = Size(pattern, ref i, ref none) ?? 0;
        }

        while (At(pattern, i) is 'l' or 'h' or 'L') i++;
        char type = At(pattern, i);
        if (type == '\0') throw TemplateException.Failed("incomplete format");
        if (type == '%') return "%";
        _state.ChargeText(width);
        _state.ChargeText(precision ?? 0);
        return Convert(type, name is null ? Take() : Named(name), flags, width, precision, i);
    }

    private string Convert(char type, object? value, string flags, int width, int? precision, int at)
    {
        string sign = "", body;
        bool number = true;
        switch (type)
        {
            case 's' or 'r' or 'a':
                body = type == 's' ? PyRepr.Str(_state, value) : type == 'r' ? PyRepr.Of(_state, value) : PyRepr.Ascii(PyRepr.Of(_state, value));
                if (_escape && value is not Markup) body = PyText.Escape(body);
                if (precision < PyText.Length(body)) body = body[..PyText.UnitIndex(body, precision.Value)];
                number = false;
                break;
            case 'c':
                body = PyText.TryGet(value, out string one)
                    ? PyText.Length(one) == 1 ? one : throw TemplateException.Failed("%c requires int or char")
                    : PyNumber.TryInteger(value, out BigInteger point) && point.Sign >= 0 && point <= 0x10ffff ? char.ConvertFromUtf32((int)point) : throw TemplateException.Failed("%c requires int or char");
                number = false;
                break;
            case 'd' or 'i' or 'u' or 'o' or 'x' or 'X':
                BigInteger integer = Integer(type, value);
                body = Digits(type, BigInteger.Abs(integer)).PadLeft(precision ?? 0, '0');
                sign = Sign(integer.Sign < 0, flags) + (flags.Contains('#', StringComparison.Ordinal) ? type switch { 'o' => "0o", 'x' => "0x", 'X' => "0X", _ => "" } : "");
                break;
            case 'e' or 'E' or 'f' or 'F' or 'g' or 'G':
                if (value is Undefined undefined) throw undefined.Used();
                if (!PyNumber.TryFloat(value, out double real)) throw TemplateException.Failed($"must be real number, not {PyTypes.Name(value)}");
                body = Float(type, Math.Abs(real), precision ?? 6, flags.Contains('#', StringComparison.Ordinal));
                sign = Sign(double.IsNegative(real) && !double.IsNaN(real), flags);
                break;
            default:
                throw TemplateException.Failed($"unsupported format character '{type}' (0x{(int)type:x}) at index {at}");
        }

        int missing = width - PyText.Length(body) - sign.Length;
        if (missing <= 0) return sign + body;
        if (flags.Contains('-', StringComparison.Ordinal)) return sign + body + new string(' ', missing);
        return number && flags.Contains('0', StringComparison.Ordinal) ? sign + new string('0', missing) + body : new string(' ', missing) + sign + body;
    }

    private static BigInteger Integer(char type, object? value)
    {
        if (PyNumber.TryInteger(value, out BigInteger integer)) return integer;
        if (value is double number && type is 'd' or 'i' or 'u' && !double.IsNaN(number) && !double.IsInfinity(number)) return new BigInteger(Math.Truncate(number));
        if (value is Undefined undefined) throw undefined.Used();
        throw TemplateException.Failed(type is 'd' or 'i' or 'u'
            ? $"%{type} format: a real number is required, not {PyTypes.Name(value)}"
            : $"%{type} format: an integer is required, not {PyTypes.Name(value)}");
    }

    private static string Digits(char type, BigInteger value) => type switch
    {
        'o' => PyFormatSpec.Radix(value, 3),
        'x' => PyFormatSpec.Radix(value, 4),
        'X' => PyFormatSpec.Radix(value, 4).ToUpperInvariant(),
        _ => value.ToString(CultureInfo.InvariantCulture),
    };

    private static string Float(char type, double size, int precision, bool alternate)
    {
        string made = double.IsNaN(size) ? "nan" : double.IsInfinity(size) ? "inf" : char.ToLowerInvariant(type) switch
        {
            'e' => ExactDecimal.Exponential(size, precision),
            'f' => ExactDecimal.Fixed(size, precision),
            _ => ExactDecimal.General(size, precision, alternate),
        };
        return char.IsUpper(type) ? made.ToUpperInvariant() : made;
    }

    private static string Sign(bool negative, string flags) =>
        negative ? "-" : flags.Contains('+', StringComparison.Ordinal) ? "+" : flags.Contains(' ', StringComparison.Ordinal) ? " " : "";

    private int? Size(string pattern, ref int i, ref string flags)
    {
        if (At(pattern, i) == '*')
        {
            i++;
            if (!PyNumber.TryInteger(Take(), out BigInteger given)) throw TemplateException.Failed("* wants int");
            if (BigInteger.Abs(given) > int.MaxValue) throw TemplateException.Failed("width too big");
            if (given.Sign < 0) flags += '-';
            return (int)BigInteger.Abs(given);
        }

        if (!char.IsAsciiDigit(At(pattern, i))) return null;
        long size = 0;
        for (; char.IsAsciiDigit(At(pattern, i)); i++)
            if ((size = (size * 10) + (pattern[i] - '0')) > int.MaxValue) throw TemplateException.Failed("width too big");
        return (int)size;
    }

    private object? Take()
    {
        if (_tuple is null) return _taken++ == 0 ? _single : throw NotEnough();
        return _taken < _tuple.Length ? _tuple[_taken++] : throw NotEnough();
    }

    private object? Named(string name)
    {
        _usedNames = true;
        return ((PyDict)_single!).TryGet(name, out object? value) ? value : throw TemplateException.Failed($"'{name}'");
    }

    private static TemplateException NotEnough() => TemplateException.Failed("not enough arguments for format string");

    private static char At(string pattern, int i) => i < pattern.Length ? pattern[i] : '\0';
}
