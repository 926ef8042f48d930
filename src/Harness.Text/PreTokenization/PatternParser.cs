using System.Globalization;
using System.Text;

namespace Harness.Text.PreTokenization;

/// <summary>
/// Compiles the regular expressions of pre-tokenizers: alternatives; literals; <c>\u{1F7D}</c>; sets with ranges, <c>\s</c>,
/// <c>\p{L}</c> and its like; <c>?</c>, <c>*</c>, <c>+</c>, <c>{m,n}</c>; groups <c>(?:…)</c>, once, optional or
/// repeated; and <c>(?!x)</c> for one set. Beyond that, <c>--</c> within a set takes out what follows it:
/// <c>[\p{L}--a-z]</c>.
/// </summary>
/// <remarks>
/// <c>\p{Lu}</c>, <c>\p{Ll}</c>, <c>\p{Lt}</c>, <c>\p{Lm}</c> and <c>\p{Lo}</c> mean <c>\p{L}</c>: so llama.cpp reads
/// them (<c>unicode_regex_split</c>), and its ids are the reference.
/// </remarks>
internal sealed class PatternParser
{
    private const string AsciiLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    // Chinese characters as llama.cpp counts them: the blocks, whether assigned or not.
    private static readonly (int First, int Last)[] Han =
    [
        (0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F),
        (0x2B820, 0x2CEAF), (0x2CEB0, 0x2EBEF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F),
    ];

    private readonly string pattern;
    private int at;

    private PatternParser(string pattern) => this.pattern = pattern;

    /// <summary>Compiles a pattern.</summary>
    /// <returns>A chain for each alternative.</returns>
    public static PatternNode?[] Parse(string pattern)
    {
        var parser = new PatternParser(pattern);
        var alternatives = parser.ParseAlternatives();
        if (parser.at < pattern.Length)
            throw parser.Error("unexpected ')'");
        return [.. alternatives.Select(items => Chain(items, null))];
    }

    private List<List<Item>> ParseAlternatives()
    {
        List<List<Item>> alternatives = [[]];
        while (at < pattern.Length && pattern[at] != ')')
        {
            if (pattern[at] == '|')
            {
                at++;
                alternatives.Add([]);
                continue;
            }

            alternatives[^1].Add(ParseItem());
        }

        return alternatives;
    }

    private Item ParseItem()
    {
        if (pattern[at] != '(')
        {
            CharSet set = ParseSet();
            (int least, int most) = ParseQuantifier();
            return new Item(set, null, least, most, false);
        }

        bool look = pattern.AsSpan(at).StartsWith("(?!");
        at += look || pattern.AsSpan(at).StartsWith("(?:") ? 3 : 1;
        CharSet? looked = look ? ParseSet() : null;
        List<List<Item>>? group = look ? null : ParseAlternatives();
        if (at >= pattern.Length || pattern[at++] != ')')
            throw Error("a group without its ')'");
        (int groupLeast, int groupMost) = look ? (1, 1) : ParseQuantifier();
        return new Item(looked, group, groupLeast, groupMost, look);
    }

    private (int Least, int Most) ParseQuantifier()
    {
        switch (at < pattern.Length ? pattern[at] : '\0')
        {
            case '?':
                at++;
                return (0, 1);
            case '*':
                at++;
                return (0, int.MaxValue);
            case '+':
                at++;
                return (1, int.MaxValue);
            case '{':
                int close = pattern.IndexOf('}', at);
                string[] bounds = pattern[(at + 1)..close].Split(',');
                at = close + 1;
                int least = int.Parse(bounds[0], CultureInfo.InvariantCulture);
                return (least, int.Parse(bounds[^1], CultureInfo.InvariantCulture));
            default:
                return (1, 1);
        }
    }

    private CharSet ParseSet()
    {
        var set = new CharSet();
        if (pattern[at] != '[')
        {
            AddAtom(set, out _);
            return set;
        }

        at++;
        bool negated = pattern[at] == '^';
        at += negated ? 1 : 0;
        AddAtoms(set);
        if (pattern.AsSpan(at).StartsWith("--"))
        {
            at += 2;
            var without = new CharSet();
            AddAtoms(without);
            set.Remove(without);
        }

        at++;
        if (negated)
            set.Negate();
        return set;
    }

    private void AddAtoms(CharSet set)
    {
        while (true)
        {
            if (at >= pattern.Length)
                throw Error("a set without its ']'");
            if (pattern[at] == ']' || pattern.AsSpan(at).StartsWith("--"))
                return;
            int start = at;
            AddAtom(set, out int first);
            if (first < 0 || pattern[at] != '-' || pattern[at + 1] is ']' or '-')
                continue;
            at++;
            AddAtom(new CharSet(), out int last);
            if (last < first)
                throw Error($"a range that runs backwards at {start}");
            set.Add(first, last);
        }
    }

    // Adds one character or class; codePoint is −1 for a class.
    private void AddAtom(CharSet set, out int codePoint)
    {
        codePoint = -1;
        if (pattern[at] != '\\')
        {
            var rune = Rune.GetRuneAt(pattern, at);
            at += rune.Utf16SequenceLength;
            codePoint = rune.Value;
            set.Add(codePoint, codePoint);
            return;
        }

        char escaped = pattern[at + 1];
        at += 2;
        switch (escaped)
        {
            case 's' or 'S':
                set.AddWhitespace(escaped == 's');
                return;
            case 'p':
                int close = pattern.IndexOf('}', at);
                AddCategory(set, pattern[(at + 1)..close]);
                at = close + 1;
                return;
            case 'u':
                int end = pattern.IndexOf('}', at);
                codePoint = int.Parse(pattern.AsSpan(at + 1, end - at - 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                set.Add(codePoint, codePoint);
                at = end + 1;
                return;
            default:
                codePoint = escaped switch { 'r' => '\r', 'n' => '\n', 't' => '\t', _ => escaped };
                set.Add(codePoint, codePoint);
                return;
        }
    }

    private void AddCategory(CharSet set, string name)
    {
        switch (name)
        {
            case "L" or "Lu" or "Ll" or "Lt" or "Lm" or "Lo":
                set.AddCategory(CodePointKind.Letter, AsciiLetters);
                break;
            case "N":
                set.AddCategory(CodePointKind.Number, "0123456789");
                break;
            case "M":
                set.AddCategory(CodePointKind.Mark, string.Empty);
                break;
            case "P":
                set.AddCategory(CodePointKind.Punctuation, "!\"#%&'()*,-./:;?@[\\]_{}");
                break;
            case "S":
                set.AddCategory(CodePointKind.Symbol, "$+<=>^`|~");
                break;
            case "Han":
                foreach ((int first, int last) in Han)
                    set.Add(first, last);
                break;
            default:
                throw Error($"unknown category '{name}'");
        }
    }

    private static PatternNode? Chain(List<Item> items, PatternNode? next)
    {
        for (int i = items.Count - 1; i >= 0; i--)
            next = Link(items[i], next);
        return next;
    }

    private static PatternNode Link(Item item, PatternNode? next)
    {
        if (item.IsLook)
            return new LookAhead(item.Set!, next);
        if (item.Set is not null)
            return new SetRun(item.Set, item.Least, item.Most, next);

        PatternNode?[] once = [.. item.Group!.Select(items => Chain(items, next))];
        if (item.Most == 1)
            return new Choice(item.Least == 0 ? [.. once, next] : once);
        var repetition = new Repetition([.. item.Group!.Select(items => Chain(items, null))], next);
        return item.Least == 0 ? repetition : new Choice([.. item.Group!.Select(items => Chain(items, repetition))]);
    }

    private FormatException Error(string what) =>
        new($"{what} in the splitting rule '{pattern}' near {at.ToString(CultureInfo.InvariantCulture)}.");

    private sealed record Item(CharSet? Set, List<List<Item>>? Group, int Least, int Most, bool IsLook);
}
