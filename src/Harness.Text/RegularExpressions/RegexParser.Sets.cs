using System.Globalization;

namespace Harness.Text.RegularExpressions;

// Sets of code points: escapes, properties, classes in brackets.
internal sealed partial class RegexParser
{
    // A class, or null and a code point.
    private CodePointSet? ParseEscapedSet(out int codePoint)
    {
        codePoint = -1;
        if (at + 1 >= pattern.Length)
            throw Error("a '\\' at the end");
        at++;
        char c = pattern[at];
        switch (c)
        {
            case 's' or 'S':
                at++;
                return new CodePointSet { Negated = c == 'S' }.AddWhitespace();
            case 'd' or 'D':
                at++;
                return new CodePointSet { Negated = c == 'D' }.Add(UnicodeCategory.DecimalDigitNumber);
            case 'w' or 'W':
                at++;
                return new CodePointSet { Negated = c == 'W' }.Add(CharacterClasses.Word);
            case 'h' or 'H':
                at++;
                return new CodePointSet { Negated = c == 'H' }.Add('0', '9').Add('A', 'F').Add('a', 'f');
            case 'p' or 'P':
                at++;
                return ParseProperty(c == 'P');
            case 'x' or 'u':
                at++;
                codePoint = ParseHex(c == 'x' ? 2 : 4);
                return null;
        }

        int rune = TakeRune();
        codePoint = rune switch
        {
            't' => '\t',
            'n' => '\n',
            'r' => '\r',
            'f' => '\f',
            'v' => '\v',
            'a' => '\a',
            'e' => 0x1B,
            (>= '0' and <= '9') or (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') => throw Error($"the escape '\\{(char)rune}'"),
            _ => rune,
        };
        return null;
    }

    private CodePointSet ParseProperty(bool negated)
    {
        int close = at < pattern.Length && pattern[at] == '{' ? pattern.IndexOf('}', at) : -1;
        if (close < 0)
            throw Error("a property without its braces");
        string name = pattern[(at + 1)..close];
        at = close + 1;
        if (name.StartsWith('^'))
            (name, negated) = (name[1..], !negated);
        CodePointSet known = CharacterClasses.Named(name) ?? throw Error($"the property '{name}'");
        return new CodePointSet { Negated = negated }.Add(known);
    }

    private int ParseHex(int digits)
    {
        int start = at;
        int end = Math.Min(pattern.Length, at + digits);
        if (at < pattern.Length && pattern[at] == '{')
        {
            start++;
            end = pattern.IndexOf('}', at);
            at = end + 1;
        }
        else
        {
            at = end;
        }

        if (end < start || !int.TryParse(pattern.AsSpan(start, end - start), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out int value) || value is < 0 or > 0x10FFFF)
            throw Error("a code point");
        return value;
    }

    private CodePointSet ParseClass()
    {
        if (++depth > DeepestNesting)
            throw Error("sets nested too deeply");
        var set = new CodePointSet { Negated = Take('^') };
        CodePointSet operand = set.Negated ? new CodePointSet() : set;
        CodePointSet whole = operand;
        bool first = true;
        while (true)
        {
            if (at >= pattern.Length)
                throw Error("a set without its ']'");
            if (pattern[at] == ']' && !first)
                break;
            first = false;
            if (pattern.AsSpan(at).StartsWith("&&"))
            {
                at += 2;
                operand = new CodePointSet();
                whole.Intersect(operand);
                continue;
            }

            ParseClassItem(operand);
        }

        at++;
        depth--;
        return set.Negated ? set.Add(whole) : set;
    }

    private void ParseClassItem(CodePointSet operand)
    {
        if (pattern[at] == '[')
        {
            if (TryPosix(out CodePointSet? named))
            {
                operand.Add(named);
                return;
            }

            at++;
            operand.Add(ParseClass());
            return;
        }

        int codePoint;
        if (pattern[at] == '\\')
        {
            CodePointSet? escaped = ParseEscapedSet(out codePoint);
            if (escaped is not null)
            {
                operand.Add(escaped);
                return;
            }
        }
        else
        {
            codePoint = TakeRune();
        }

        int last = codePoint;
        if (at + 1 < pattern.Length && pattern[at] == '-' && pattern[at + 1] is not (']' or '['))
        {
            at++;
            if (pattern[at] != '\\')
                last = TakeRune();
            else if (ParseEscapedSet(out last) is not null)
                throw Error("a range that ends in a class");
            if (last < codePoint)
                throw Error("a range that runs backwards");
        }

        operand.Add(codePoint, last);
        if (ignoresCase)
        {
            for (int c = Math.Max('A', codePoint); c <= Math.Min('z', last); c++)
                AddOtherCase(operand, c);
        }
    }

    private bool TryPosix(out CodePointSet named)
    {
        named = new CodePointSet();
        if (!pattern.AsSpan(at).StartsWith("[:"))
            return false;
        int close = pattern.IndexOf(":]", at, StringComparison.Ordinal);
        if (close < 0)
            return false;
        string name = pattern[(at + 2)..close];
        bool negated = name.StartsWith('^');
        named = new CodePointSet { Negated = negated }.Add(CharacterClasses.Named(negated ? name[1..] : name) ?? throw Error($"the class '[:{name}:]'"));
        at = close + 2;
        return true;
    }
}
