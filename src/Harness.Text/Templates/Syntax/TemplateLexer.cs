using System.Text;

namespace Harness.Text.Templates.Syntax;

/// <summary>
/// Template text to tokens, with Jinja2's <c>trim_blocks</c> (the newline after a block goes) and <c>lstrip_blocks</c>
/// (white space before a block at the start of a line goes), which is how chat templates are written.
/// </summary>
internal sealed partial class TemplateLexer
{
    private readonly string _source;
    private readonly List<Token> _tokens = [];
    private int _at;
    private bool _lineStarting = true;

    // Lines are counted as far as somebody asked; nobody asks backwards.
    private int _counted;
    private int _line = 1;

    private TemplateLexer(string source) => _source = source;

    /// <summary>Cuts a template into tokens; the last is <see cref="TokenKind.End"/>.</summary>
    /// <param name="source">The template.</param>
    /// <exception cref="TemplateException">It is not valid Jinja2.</exception>
    public static List<Token> Read(string source)
    {
        string text = source.Contains('\r', StringComparison.Ordinal)
            ? source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n')
            : source;
        // One newline at the very end is the editor's, not the template's.
        if (text.EndsWith('\n')) text = text[..^1];
        var lexer = new TemplateLexer(text);
        lexer.ReadAll();
        return lexer._tokens;
    }

    private void ReadAll()
    {
        while (_at < _source.Length)
        {
            int tag = NextTag();
            if (tag < 0)
            {
                Data(_source[_at..]);
                _at = _source.Length;
                break;
            }

            char kind = _source[tag + 1];
            int after = tag + 2;
            char sign = after < _source.Length && _source[after] is '-' or '+' ? _source[after++] : ' ';
            Data(Strip(_source[_at..tag], sign, kind == '{'));
            if (kind == '#') Comment(after);
            else if (kind == '%' && RawBegin(after) is var raw and > 0) Raw(raw);
            else Tag(tag, after, kind == '%');
        }

        Add(TokenKind.End, "", _at);
    }

    private int NextTag()
    {
        for (int at = _at; (at = _source.IndexOf('{', at)) >= 0 && at + 1 < _source.Length; at++)
            if (_source[at + 1] is '{' or '%' or '#') return at;
        return -1;
    }

    private string Strip(string text, char sign, bool variable)
    {
        if (sign == '-') return PyText.StripEnd(text);
        if (sign == '+' || variable) return text;
        int line = text.LastIndexOf('\n') + 1;
        return (line > 0 || _lineStarting) && PyText.IsAllSpace(text.AsSpan(line)) ? text[..line] : text;
    }

    private void Data(string text)
    {
        if (text.Length > 0) Add(TokenKind.Data, text, _at);
    }

    private void Comment(int after)
    {
        int end = _source.IndexOf("#}", after, StringComparison.Ordinal);
        if (end < 0) throw Error("Missing end of comment tag", after);
        MoveTo(end + 2, end > after && _source[end - 1] is '-' or '+' ? _source[end - 1] : ' ');
    }

    /// <summary>Where a <c>raw</c> block's text begins, or 0 when this block is none.</summary>
    private int RawBegin(int after)
    {
        int at = SkipSpace(after);
        if (!Matches(at, "raw")) return 0;
        at = SkipSpace(at + 3);
        return Matches(at, "-%}") ? SkipSpace(at + 3) : Matches(at, "%}") ? at + 2 : 0;
    }

    private void Raw(int begin)
    {
        _lineStarting = _source[begin - 1] == '\n';
        _at = begin;
        for (int tag = begin; (tag = _source.IndexOf("{%", tag, StringComparison.Ordinal)) >= 0; tag++)
        {
            int after = tag + 2;
            char sign = after < _source.Length && _source[after] is '-' or '+' ? _source[after++] : ' ';
            int at = SkipSpace(after);
            if (!Matches(at, "endraw")) continue;
            at = SkipSpace(at + 6);
            char endSign = Matches(at, "+%}") ? '+' : Matches(at, "-%}") ? '-' : ' ';
            if (endSign != ' ') at++;
            if (!Matches(at, "%}")) continue;
            Data(Strip(_source[begin..tag], sign, variable: false));
            MoveTo(at + 2, endSign);
            return;
        }

        throw Error("Missing end of raw directive", begin);
    }

    /// <summary>Goes on behind a tag's end: <c>-</c> takes all white space with it, <c>+</c> none, else one newline goes.</summary>
    private void MoveTo(int end, char sign, bool variable = false)
    {
        _at = sign == '-' ? SkipSpace(end) : sign != '+' && !variable && end < _source.Length && _source[end] == '\n' ? end + 1 : end;
        _lineStarting = _source[_at - 1] == '\n';
    }

    private void Tag(int tag, int after, bool block)
    {
        Add(block ? TokenKind.BlockBegin : TokenKind.VariableBegin, block ? "{%" : "{{", tag);
        var open = new Stack<char>();
        int at = after;
        while (true)
        {
            if (open.Count == 0 && TagEnd(at, block, out int end, out char sign))
            {
                Add(block ? TokenKind.BlockEnd : TokenKind.VariableEnd, block ? "%}" : "}}", at);
                MoveTo(end, sign, !block);
                return;
            }

            if (at >= _source.Length)
            {
                // The parser says what it was looking for.
                _at = at;
                return;
            }

            int next = SkipSpace(at);
            at = next == at ? One(at, open) : next;
        }
    }

    private bool TagEnd(int at, bool block, out int end, out char sign)
    {
        string close = block ? "%}" : "}}";
        sign = at < _source.Length && (_source[at] == '-' || (block && _source[at] == '+')) ? _source[at] : ' ';
        if (sign != ' ' && Matches(at + 1, close))
        {
            end = at + 3;
            return true;
        }

        sign = ' ';
        end = at + 2;
        return Matches(at, close);
    }

    private int One(int at, Stack<char> open)
    {
        char first = _source[at];
        if (char.IsAsciiDigit(first)) return Number(at);
        if (first is '\'' or '"') return Text(at);
        int name = NameEnd(at);
        if (name > at)
        {
            Add(TokenKind.Name, _source[at..name], at);
            return name;
        }

        if (Operator(at) is { } symbol)
        {
            if (symbol.Length == 1) Balance(first, open, at);
            Add(TokenKind.Operator, symbol, at);
            return at + symbol.Length;
        }

        throw Error($"unexpected char {PyRepr.Text(Rune.TryGetRuneAt(_source, at, out Rune rune) ? rune.ToString() : first.ToString())} at {at}", at);
    }

    private string? Operator(int at)
    {
        char second = at + 1 < _source.Length ? _source[at + 1] : '\0';
        return (_source[at], second) switch
        {
            ('/', '/') => "//",
            ('*', '*') => "**",
            ('=', '=') => "==",
            ('!', '=') => "!=",
            ('>', '=') => ">=",
            ('<', '=') => "<=",
            ('+', _) => "+",
            ('-', _) => "-",
            ('/', _) => "/",
            ('*', _) => "*",
            ('%', _) => "%",
            ('~', _) => "~",
            ('[', _) => "[",
            (']', _) => "]",
            ('(', _) => "(",
            (')', _) => ")",
            ('{', _) => "{",
            ('}', _) => "}",
            ('>', _) => ">",
            ('<', _) => "<",
            ('=', _) => "=",
            ('.', _) => ".",
            (':', _) => ":",
            ('|', _) => "|",
            (',', _) => ",",
            (';', _) => ";",
            _ => null,
        };
    }

    private void Balance(char symbol, Stack<char> open, int at)
    {
        if (symbol is '{' or '(' or '[')
        {
            open.Push(symbol switch { '{' => '}', '(' => ')', _ => ']' });
        }
        else if (symbol is '}' or ')' or ']')
        {
            if (!open.TryPop(out char expected)) throw Error($"unexpected '{symbol}'", at);
            if (expected != symbol) throw Error($"unexpected '{symbol}', expected '{expected}'", at);
        }
    }

    private int NameEnd(int at)
    {
        int end = at;
        while (Rune.TryGetRuneAt(_source, Math.Min(end, _source.Length - 1), out Rune rune) && end < _source.Length
            && (rune.Value == '_' || Rune.IsLetterOrDigit(rune) || (end > at && Rune.GetUnicodeCategory(rune) is
                System.Globalization.UnicodeCategory.NonSpacingMark or System.Globalization.UnicodeCategory.SpacingCombiningMark)))
            end += rune.Utf16SequenceLength;
        return end;
    }

    private int SkipSpace(int at)
    {
        while (at < _source.Length && PyText.IsSpace(_source[at])) at++;
        return at;
    }

    private bool Matches(int at, string text) => at + text.Length <= _source.Length && string.CompareOrdinal(_source, at, text, 0, text.Length) == 0;

    private void Add(TokenKind kind, string text, int at, object? value = null) => _tokens.Add(new Token(kind, text, value, LineAt(at)));

    private int LineAt(int at)
    {
        if (at > _counted)
        {
            _line += _source.AsSpan(_counted, at - _counted).Count('\n');
            _counted = at;
        }

        return _line;
    }

    private TemplateException Error(string message, int at) => new(TemplateFailure.Syntax, message, LineAt(at));
}
