using System.Buffers;
using System.Text;

namespace Harness.Text.Templates.Builtins;

/// <summary>Filters over text. What is no text becomes one first.</summary>
internal static class TextFilters
{
    /// <summary>Jinja2 lets a text this much over its length before it truncates it.</summary>
    private const int TruncateLeeway = 5;

    private static readonly SearchValues<char> NotInAttributes = SearchValues.Create(" \t\n\r\f\v/>=");

    public static IEnumerable<Builtin> All =>
    [
        Of("upper", "", (_, text, _) => PyCasing.Upper(text)),
        Of("lower", "", (_, text, _) => PyCasing.Lower(text)),
        Of("capitalize", "", (_, text, _) => PyCasing.Capitalize(text)),
        Of("title", "", (_, text, _) => Title(text)),
        Of("trim", "chars?", (_, text, given) => PyText.Strip(text, given[0].TextOrNull("strip arg"), start: true, end: true)),
        Of("center", "width?", (state, text, given) => StringMethods.Pad(state, text, given[0].Count(80), " ", 1, 2)),
        new("replace", "old new count?", (state, self, given) => StringMethods.Replace(
            state, PyRepr.Str(state, self), PyRepr.Str(state, given[0]), PyRepr.Str(state, given[1]), given[2].Or(null) is null ? -1 : given[2].Count(-1))),
        new("format", (state, self, given) => given.Positional.Length > 0 && given.Named.Length > 0
            ? throw TemplateException.Failed("can't handle positional and keyword arguments at the same time")
            : PyPercent.Format(state, Soft(state, self), PyRepr.Str(state, self), given.Named.Length > 0 ? PyDict.Of(given.Named) : new PyTuple(given.Positional))),
        new("indent", "width? first? blank?", (state, self, given) => Indent(state, self, given[0].Or(4L), given[1].Flag(), given[2].Flag())),
        new("truncate", "length? killwords? end? leeway?", (_, self, given) => Truncate(
            self, given[0].Count(255), given[1].Flag(), given[2].Or("...").Text("end"), given[3].Or(null) is null ? TruncateLeeway : given[3].Count(0))),
        new("wordcount", "", (state, self, _) => (long)WordCount(PyRepr.Str(state, self))),
        new("wordwrap", "width? break_long_words? wrapstring? break_on_hyphens?", (state, self, given) => WordWrap.Wrap(
            state, self.Text("wordwrap"), given[0].Count(79), given[1].Flag(true), given[2].TextOrNull("wrapstring") ?? "\n", given[3].Flag(true))),
        new("striptags", "", (state, self, _) => StripTags(state, state.Made(PyRepr.Str(state, self)))),
        new("urlencode", "", (state, self, _) => UrlEncode(state, self)),
        new("urlize", (_, _, _) => throw TemplateException.Failed("the filter 'urlize' makes HTML, which no prompt is made of: it is not supported")),
        new("xmlattr", "autospace?", (state, self, given) => XmlAttributes(state, self, given[0].Flag(true))),
    ];

    private static object Soft(RenderState state, object? self) => self as Markup ?? (object)PyRepr.Str(state, self);

    private static Builtin Of(string name, string parameters, Func<RenderState, string, object?[], string> work) => new(name, parameters, (state, self, given) =>
    {
        string made = state.Made(work(state, PyRepr.Str(state, self), given));
        return self is Markup ? new Markup(made) : made;
    });

    /// <summary>Jinja2's own: a word begins behind white space, hyphens and opening brackets.</summary>
    private static string Title(string text)
    {
        var made = new StringBuilder(text.Length);
        int at = 0;
        while (at < text.Length)
        {
            bool between = Between(text[at]);
            int end = at;
            while (end < text.Length && Between(text[end]) == between) end++;
            string item = text[at..end];
            int first = PyText.At(item, 0).Utf16SequenceLength;
            made.Append(PyCasing.Upper(item[..first])).Append(PyCasing.Lower(item[first..]));
            at = end;
        }

        return made.ToString();

        static bool Between(char c) => c is '-' or '(' or '{' or '[' or '<' || PyText.IsSpace(c);
    }

    private static object Indent(RenderState state, object? self, object? width, bool first, bool blank)
    {
        string text = self.Text("indent");
        if (!PyText.TryGet(width, out string indention))
        {
            long count = Math.Max(0, PyNumber.Index(width));
            state.ChargeText(count);
            indention = new string(' ', (int)count);
        }

        List<string> lines = PyText.Lines(state, text + "\n", keepEnds: false);
        state.ChargeText((indention.Length + 1L) * lines.Count);
        var made = new StringBuilder(first ? indention : "").Append(lines[0]);
        foreach (string line in lines.Skip(1))
        {
            made.Append('\n');
            if (blank || line.Length > 0) made.Append(indention);
            made.Append(line);
        }

        string result = state.Made(made.ToString());
        return self is Markup ? new Markup(result) : result;
    }

    private static object? Truncate(object? self, int length, bool killWords, string end, int leeway)
    {
        int endLength = PyText.Length(end);
        if (length < endLength) throw TemplateException.Failed($"expected length >= {endLength}, got {length}");
        if (leeway < 0) throw TemplateException.Failed($"expected leeway >= 0, got {leeway}");
        if (PyIteration.Length(self) <= (long)length + leeway) return self;
        string text = self.Text("what is truncated");
        string cut = text[..PyText.UnitIndex(text, length - endLength)];
        if (killWords) return cut + end;
        int space = cut.LastIndexOf(' ');
        return (space < 0 ? cut : cut[..space]) + end;
    }

    private static int WordCount(string text)
    {
        int words = 0;
        bool inWord = false;
        foreach (Rune rune in text.EnumerateRunes())
        {
            bool word = PyText.IsWord(rune);
            if (word && !inWord) words++;
            inWord = word;
        }

        return words;
    }

    /// <summary>What markupsafe does: comments and tags go, white space becomes single spaces, entities become characters.</summary>
    private static string StripTags(RenderState state, string text)
    {
        for (int start; (start = text.IndexOf("<!--", StringComparison.Ordinal)) >= 0;)
        {
            int end = text.IndexOf("-->", start, StringComparison.Ordinal);
            if (end < 0) break;
            text = state.Concat(text[..start], text[(end + 3)..]);
        }

        for (int start; (start = text.IndexOf('<', StringComparison.Ordinal)) >= 0;)
        {
            int end = text.IndexOf('>', start);
            if (end < 0) break;
            text = state.Concat(text[..start], text[(end + 1)..]);
        }

        string[] words = text.Split([.. text.Where(PyText.IsSpace).Distinct()], StringSplitOptions.RemoveEmptyEntries);
        return System.Net.WebUtility.HtmlDecode(string.Join(' ', text.Any(PyText.IsSpace) ? words : [text]));
    }

    private static string UrlEncode(RenderState state, object? self)
    {
        if (self is string or Markup || !PyIteration.CanIterate(self)) return Quote(state, self, "/");
        IEnumerable<object?> pairs = self is PyDict dict ? new PyDictView("dict_items", dict).Items : PyIteration.Each(state, self);
        return state.Made(string.Join('&', pairs.Select(pair => PyIteration.ToList(state, pair) is [var key, var value]
            ? $"{Query(key)}={Query(value)}"
            : throw TemplateException.Failed("not enough values to unpack (expected 2)"))));

        string Query(object? value) => Quote(state, value, "").Replace("%20", "+", StringComparison.Ordinal);
    }

    private static string Quote(RenderState state, object? value, string safe)
    {
        var made = new StringBuilder();
        foreach (byte one in Encoding.UTF8.GetBytes(PyRepr.Str(state, value)))
        {
            if (char.IsAsciiLetterOrDigit((char)one) || (char)one is '_' or '.' or '-' or '~' || safe.Contains((char)one, StringComparison.Ordinal)) made.Append((char)one);
            else made.Append('%').Append(one.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
        }

        return state.Made(made.ToString());
    }

    private static string XmlAttributes(RenderState state, object? self, bool space)
    {
        if (self is not PyDict dict) throw TemplateException.Failed($"'{PyTypes.Name(self)}' object has no attribute 'items'");
        var items = new List<string>();
        foreach ((object? key, object? value) in dict.Entries)
        {
            if (value is null or Undefined) continue;
            string name = key.Text("attribute name");
            if (name.AsSpan().ContainsAny(NotInAttributes)) throw TemplateException.Failed($"Invalid character in attribute name: {PyRepr.Text(name)}");
            items.Add($"{PyText.Escape(name)}=\"{(value is Markup markup ? markup.Text : PyText.Escape(PyRepr.Str(state, value)))}\"");
        }

        string made = string.Join(' ', items);
        return state.Made(space && made.Length > 0 ? " " + made : made);
    }
}
