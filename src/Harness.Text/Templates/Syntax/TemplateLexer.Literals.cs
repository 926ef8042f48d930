using System.Globalization;
using System.Numerics;
using System.Text;

namespace Harness.Text.Templates.Syntax;

/// <summary>Numbers and strings.</summary>
internal sealed partial class TemplateLexer
{
    private int Number(int at)
    {
        int digits = Digits(at, char.IsAsciiDigit);
        // "a.1.5" is two subscripts, not a subscript by 1.5.
        bool mayBeFloat = at == 0 || _source[at - 1] != '.';
        int end = digits;
        bool isFloat = false;
        if (mayBeFloat && end + 1 < _source.Length && _source[end] == '.' && char.IsAsciiDigit(_source[end + 1]))
        {
            end = Digits(end + 1, char.IsAsciiDigit);
            isFloat = true;
        }

        if (mayBeFloat && end < _source.Length && _source[end] is 'e' or 'E')
        {
            int exponent = end + 1;
            if (exponent < _source.Length && _source[exponent] is '+' or '-') exponent++;
            if (exponent < _source.Length && char.IsAsciiDigit(_source[exponent]))
            {
                end = Digits(exponent, char.IsAsciiDigit);
                isFloat = true;
            }
        }

        if (isFloat)
        {
            string text = _source[at..end].Replace("_", "", StringComparison.Ordinal);
            Add(TokenKind.Float, text, at, double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture));
            return end;
        }

        return Integer(at, digits);
    }

    private int Integer(int at, int decimals)
    {
        if (_source[at] != '0') return AddInteger(at, decimals, Decimal(at, decimals));
        char radix = at + 1 < _source.Length ? char.ToLowerInvariant(_source[at + 1]) : ' ';
        int bits = radix switch { 'b' => 1, 'o' => 3, 'x' => 4, _ => 0 };
        if (bits > 0)
        {
            int first = at + 2 < _source.Length && _source[at + 2] == '_' ? at + 3 : at + 2;
            int end = Digits(first, c => char.IsAsciiHexDigit(c) && Convert.ToInt32(c.ToString(), 16) < 1 << bits);
            if (end > first)
            {
                BigInteger value = 0;
                foreach (char c in _source.AsSpan(first, end - first))
                    if (c != '_') value = (value << bits) + Convert.ToInt32(c.ToString(), 16);
                return AddInteger(at, end, value);
            }
        }

        // A zero, or zeros: Python has no decimals that begin with one.
        return AddInteger(at, Digits(at, c => c == '0'), 0);
    }

    private int AddInteger(int at, int end, BigInteger value)
    {
        Add(TokenKind.Integer, _source[at..end], at, PyNumber.Normal(value));
        return end;
    }

    private BigInteger Decimal(int at, int end)
    {
        string text = _source[at..end].Replace("_", "", StringComparison.Ordinal);
        if (text.Length > PyNumber.MaximumDigits) throw Error($"Exceeds the limit ({PyNumber.MaximumDigits} digits) for integer string conversion", at);
        return BigInteger.Parse(text, CultureInfo.InvariantCulture);
    }

    /// <summary>The end of digits that may be parted by single underscores.</summary>
    private int Digits(int at, Func<char, bool> digit)
    {
        int end = at;
        while (end < _source.Length)
        {
            if (digit(_source[end])) end++;
            else if (_source[end] == '_' && end > at && end + 1 < _source.Length && digit(_source[end + 1])) end++;
            else break;
        }

        return end;
    }

    private int Text(int at)
    {
        char quote = _source[at];
        int end = at + 1;
        while (end < _source.Length && _source[end] != quote) end += _source[end] == '\\' ? 2 : 1;
        if (end >= _source.Length) throw Error($"unexpected char {PyRepr.Text(quote.ToString())} at {at}", at);
        Add(TokenKind.String, Unescape(_source[(at + 1)..end], at), at);
        return end + 1;
    }

    /// <summary>Python's <c>unicode-escape</c>, behind <c>backslashreplace</c> as Jinja2 has it.</summary>
    private string Unescape(string text, int where)
    {
        if (!text.Contains('\\', StringComparison.Ordinal)) return text;
        var made = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\')
            {
                made.Append(text[i]);
                continue;
            }

            char next = ++i < text.Length ? text[i] : throw Error("\\ at end of string", where);
            switch (next)
            {
                case '\n': break;
                case '\\' or '\'' or '"': made.Append(next); break;
                case 'a': made.Append('\a'); break;
                case 'b': made.Append('\b'); break;
                case 'f': made.Append('\f'); break;
                case 'n': made.Append('\n'); break;
                case 'r': made.Append('\r'); break;
                case 't': made.Append('\t'); break;
                case 'v': made.Append('\v'); break;
                case 'x': i += Hexadecimal(text, i + 1, 2, "truncated \\xXX escape", made, where); break;
                case 'u': i += Hexadecimal(text, i + 1, 4, "truncated \\uXXXX escape", made, where); break;
                case 'U': i += Hexadecimal(text, i + 1, 8, "truncated \\UXXXXXXXX escape", made, where); break;
                case 'N': throw Error("characters named by \\N{…} are not supported: write the character itself", where);
                case >= '0' and <= '7':
                    int value = 0, digits = 0;
                    for (; digits < 3 && i + digits < text.Length && text[i + digits] is >= '0' and <= '7'; digits++) value = (value * 8) + (text[i + digits] - '0');
                    made.Append((char)value);
                    i += digits - 1;
                    break;
                case > '\x7f':
                    // The character was written as \xe9 by then, and its backslash is what the other one escapes.
                    Rune rune = Rune.TryGetRuneAt(text, i, out Rune whole) ? whole : Rune.ReplacementChar;
                    made.Append('\\').Append(rune.Value <= 0xff ? $"x{rune.Value:x2}" : rune.Value <= 0xffff ? $"u{rune.Value:x4}" : $"U{rune.Value:x8}");
                    i += rune.Utf16SequenceLength - 1;
                    break;
                default: made.Append('\\').Append(next); break;
            }
        }

        return made.ToString();
    }

    private int Hexadecimal(string text, int at, int digits, string error, StringBuilder made, int where)
    {
        if (at + digits > text.Length || !uint.TryParse(text.AsSpan(at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint value))
            throw Error(error, where);
        if (value > 0x10ffff) throw Error("illegal Unicode character", where);
        made.Append(value <= 0xffff ? ((char)value).ToString() : char.ConvertFromUtf32((int)value));
        return digits;
    }
}
