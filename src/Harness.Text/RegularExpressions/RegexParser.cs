using System.Globalization;
using System.Text;
using Harness.Text.Unicode;

namespace Harness.Text.RegularExpressions;

/// <summary>
/// Reads the regular expressions of <c>tokenizer.json</c> files: Oniguruma's syntax, as far as tokenizers use it. What it
/// does not know it names; nothing is passed over.
/// </summary>
internal sealed partial class RegexParser
{
    private const int DeepestNesting = 100;
    private const int LargestCount = 1000;

    private readonly string pattern;
    private int at;
    private int depth;
    private bool ignoresCase;

    private RegexParser(string pattern) => this.pattern = pattern;

    /// <summary>Parses a pattern.</summary>
    /// <exception cref="FormatException">It is none, or asks for something unknown; says what and where.</exception>
    public static RegexTree Parse(string pattern)
    {
        var parser = new RegexParser(pattern);
        RegexTree tree = parser.ParseChoices();
        return parser.at == pattern.Length ? tree : throw parser.Error("a ')' too many");
    }

    private RegexTree ParseChoices()
    {
        if (++depth > DeepestNesting)
            throw Error("groups nested too deeply");
        bool outer = ignoresCase;
        var choices = new List<RegexTree>();
        do
        {
            choices.Add(ParseSequence());
        }
        while (Take('|'));
        ignoresCase = outer;
        depth--;
        return choices.Count == 1 ? choices[0] : new EitherOf(choices);
    }

    private InOrder ParseSequence()
    {
        var items = new List<RegexTree>();
        while (at < pattern.Length && pattern[at] is not ('|' or ')'))
        {
            RegexTree? atom = ParseAtom();
            if (atom is not null)
                items.Add(ParseQuantifiers(atom));
        }

        return new InOrder(items);
    }

    private RegexTree ParseQuantifiers(RegexTree item)
    {
        while (at < pattern.Length)
        {
            int least;
            int most;
            bool braces = false;
            if (Take('*'))
                (least, most) = (0, int.MaxValue);
            else if (Take('+'))
                (least, most) = (1, int.MaxValue);
            else if (Take('?'))
                (least, most) = (0, 1);
            else if (pattern[at] == '{' && TryBraces(out least, out most))
                braces = true;
            else
                break;
            bool lazy = Take('?');
            bool possessive = !lazy && !braces && Take('+');
            if (possessive && item is not OneOf)
                throw Error("a possessive group");
            item = new Repeated(item, least, most, lazy, possessive);
        }

        return item;
    }

    private bool TryBraces(out int least, out int most)
    {
        (least, most) = (0, 0);
        int close = pattern.IndexOf('}', at);
        if (close < 0)
            return false;
        string[] bounds = pattern[(at + 1)..close].Split(',');
        bool valid = bounds.Length <= 2
            && (int.TryParse(bounds[0], NumberStyles.None, CultureInfo.InvariantCulture, out least) || (bounds.Length == 2 && bounds[0].Length == 0));
        most = least;
        if (valid && bounds.Length == 2)
        {
            most = int.MaxValue;
            valid = bounds[1].Length == 0 || int.TryParse(bounds[1], NumberStyles.None, CultureInfo.InvariantCulture, out most);
        }

        if (!valid || (least == 0 && bounds[0].Length == 0 && most == int.MaxValue))
            return false;
        if (least > LargestCount || (most != int.MaxValue && (most > LargestCount || most < least)))
            throw Error("a count out of bounds");
        at = close + 1;
        return true;
    }

    private RegexTree? ParseAtom()
    {
        char c = pattern[at];
        switch (c)
        {
            case '(':
                return ParseGroup();
            case '[':
                at++;
                return new OneOf(ParseClass());
            case '.':
                at++;
                return new OneOf(new CodePointSet { Negated = true }.Add('\n', '\n'));
            case '^':
                at++;
                return new Anchor(AnchorKind.LineStart);
            case '$':
                at++;
                return new Anchor(AnchorKind.LineEnd);
            case '*' or '+' or '?':
                throw Error($"a '{c}' with nothing to repeat");
            case '\\':
                return ParseEscape();
            default:
                return Literal(TakeRune());
        }
    }

    private RegexTree? ParseGroup()
    {
        at++;
        if (!Take('?'))
            return Close(ParseChoices());
        if (Take(':'))
            return Close(ParseChoices());
        if (Take('='))
            return new Ahead(Close(ParseChoices()), Negated: false);
        if (Take('!'))
            return new Ahead(Close(ParseChoices()), Negated: true);
        if (Take('>'))
        {
            RegexTree inner = Close(ParseChoices());
            return inner is InOrder { Items: [OneOf] or [Repeated { Item: OneOf, Lazy: false }] } simple
                ? simple.Items[0] is Repeated run ? run with { Possessive = true } : simple
                : throw Error("an atomic group of more than one set");
        }

        if (Take('<'))
        {
            bool negated = Take('!');
            if (!negated && !Take('='))
                return ParseNamed();
            RegexTree inner = Close(ParseChoices());
            return inner is InOrder { Items: [OneOf one] }
                ? new Behind(one.Set, negated)
                : throw Error("a look behind at more than one code point");
        }

        return ParseFlags();
    }

    private RegexTree ParseNamed()
    {
        int end = pattern.IndexOf('>', at);
        if (end < 0)
            throw Error("a group's name without its '>'");
        at = end + 1;
        return Close(ParseChoices());
    }

    // (?i: …) for a group, (?i) for what follows in this one.
    private RegexTree? ParseFlags()
    {
        bool value = true;
        bool before = ignoresCase;
        while (at < pattern.Length)
        {
            char flag = pattern[at++];
            switch (flag)
            {
                case '-':
                    value = false;
                    break;
                case 'i':
                    ignoresCase = value;
                    break;
                case 'm' or 's' or 'u':
                    break;
                case ')':
                    return null;
                case ':':
                    RegexTree inner = Close(ParseChoices());
                    ignoresCase = before;
                    return inner;
                default:
                    throw Error($"the group '(?{flag}'");
            }
        }

        throw Error("a group without its ')'");
    }

    private RegexTree Close(RegexTree inner) => Take(')') ? inner : throw Error("a group without its ')'");

    private RegexTree ParseEscape()
    {
        if (at + 1 >= pattern.Length)
            throw Error("a '\\' at the end");
        AnchorKind? anchor = pattern[at + 1] switch
        {
            'b' => AnchorKind.WordBoundary,
            'B' => AnchorKind.NoWordBoundary,
            'A' => AnchorKind.TextStart,
            'z' => AnchorKind.TextEnd,
            'Z' => AnchorKind.LastLineEnd,
            _ => null,
        };
        if (anchor is not null)
        {
            at += 2;
            return new Anchor(anchor.Value);
        }

        CodePointSet? set = ParseEscapedSet(out int codePoint);
        return set is null ? Literal(codePoint) : new OneOf(set);
    }

    private OneOf Literal(int codePoint)
    {
        var set = new CodePointSet().Add(codePoint, codePoint);
        if (ignoresCase)
            AddOtherCase(set, codePoint);
        return new OneOf(set);
    }

    // Simple case folding: the letters that share a lower case.
    private static void AddOtherCase(CodePointSet set, int codePoint)
    {
        int lower = UnicodeTables.Instance.SimpleLower(codePoint);
        set.Add(lower, lower);
        int upper = Rune.IsValid(lower) ? Rune.ToUpperInvariant(new Rune(lower)).Value : lower;
        set.Add(upper, upper);
        if (lower == 's')
            set.Add(0x17F, 0x17F);
        if (lower == 'k')
            set.Add(0x212A, 0x212A);
    }

    private bool Take(char c)
    {
        if (at >= pattern.Length || pattern[at] != c)
            return false;
        at++;
        return true;
    }

    private int TakeRune()
    {
        if (!Rune.TryGetRuneAt(pattern, at, out Rune rune))
            throw Error("half a surrogate pair");
        at += rune.Utf16SequenceLength;
        return rune.Value;
    }

    private FormatException Error(string what)
    {
        string shown = pattern.Length > 200 ? pattern[..200] + "…" : pattern;
        return new(string.Create(CultureInfo.InvariantCulture, $"the regular expression '{shown}' has at {at} what is not supported or not well-formed: {what}"));
    }
}
