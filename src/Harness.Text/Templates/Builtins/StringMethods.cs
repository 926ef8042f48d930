using System.Collections.Frozen;
using System.Text;

namespace Harness.Text.Templates.Builtins;

/// <summary>The methods of Python's <c>str</c>.</summary>
internal static class StringMethods
{
    private delegate object? Work(RenderState state, string text, object?[] given);

    /// <summary>By name.</summary>
    public static FrozenDictionary<string, Builtin> All { get; } = new[]
    {
        Of("upper", "", (_, text, _) => PyCasing.Upper(text)),
        Of("lower", "", (_, text, _) => PyCasing.Lower(text)),
        Of("casefold", "", (_, text, _) => PyCasing.Lower(text.Replace("ß", "ss", StringComparison.Ordinal)).Replace('ς', 'σ')),
        Of("title", "", (_, text, _) => PyCasing.TitleWords(text)),
        Of("capitalize", "", (_, text, _) => PyCasing.Capitalize(text)),
        Of("swapcase", "", (_, text, _) => PyCasing.Swap(text)),
        Of("strip", "chars?", (_, text, given) => PyText.Strip(text, given[0].TextOrNull("strip arg"), start: true, end: true)),
        Of("lstrip", "chars?", (_, text, given) => PyText.Strip(text, given[0].TextOrNull("lstrip arg"), start: true, end: false)),
        Of("rstrip", "chars?", (_, text, given) => PyText.Strip(text, given[0].TextOrNull("rstrip arg"), start: false, end: true)),
        Of("split", "sep? maxsplit?", (state, text, given) => Splitting.Split(state, text, given[0].TextOrNull("sep"), given[1].Count(-1), fromEnd: false)),
        Of("rsplit", "sep? maxsplit?", (state, text, given) => Splitting.Split(state, text, given[0].TextOrNull("sep"), given[1].Count(-1), fromEnd: true)),
        Of("splitlines", "keepends?", (state, text, given) => new PyList([.. PyText.Lines(state, text, given[0].Flag())])),
        Of("partition", "sep", (_, text, given) => Splitting.Partition(text, given[0].Text("sep"), last: false)),
        Of("rpartition", "sep", (_, text, given) => Splitting.Partition(text, given[0].Text("sep"), last: true)),
        Of("replace", "old new count?", (state, text, given) => Replace(state, text, given[0].Text("replace() argument 1"), given[1].Text("replace() argument 2"), given[2].Count(-1))),
        Of("startswith", "prefix start? end?", (state, text, given) => Begins(state, text, given, "startswith", (part, one) => part.StartsWith(one))),
        Of("endswith", "suffix start? end?", (state, text, given) => Begins(state, text, given, "endswith", (part, one) => part.EndsWith(one))),
        Of("removeprefix", "prefix", (_, text, given) => given[0].Text("removeprefix() argument") is var prefix && text.StartsWith(prefix, StringComparison.Ordinal) ? text[prefix.Length..] : text),
        Of("removesuffix", "suffix", (_, text, given) => given[0].Text("removesuffix() argument") is { Length: > 0 } suffix && text.EndsWith(suffix, StringComparison.Ordinal) ? text[..^suffix.Length] : text),
        Of("find", "sub start? end?", (_, text, given) => Search.Find(text, given, last: false)),
        Of("rfind", "sub start? end?", (_, text, given) => Search.Find(text, given, last: true)),
        Of("index", "sub start? end?", (_, text, given) => Search.Find(text, given, last: false) is >= 0 and var at ? at : throw TemplateException.Failed("substring not found")),
        Of("rindex", "sub start? end?", (_, text, given) => Search.Find(text, given, last: true) is >= 0 and var at ? at : throw TemplateException.Failed("substring not found")),
        Of("count", "sub start? end?", (_, text, given) => Search.Count(text, given)),
        Of("join", "iterable", (state, text, given) => Join(state, text, given[0])),
        Of("ljust", "width fillchar?", (state, text, given) => Pad(state, text, given, 0, 1)),
        Of("rjust", "width fillchar?", (state, text, given) => Pad(state, text, given, 1, 1)),
        Of("center", "width fillchar?", (state, text, given) => Pad(state, text, given, 1, 2)),
        Of("zfill", "width", (state, text, given) => ZeroFill(state, text, given[0].Count(0))),
        Of("expandtabs", "tabsize?", (state, text, given) => ExpandTabs(state, text, given[0].Count(8))),
        Of("isspace", "", (_, text, _) => PyTruth.Box(text.Length > 0 && PyText.IsAllSpace(text))),
        Is("isalpha", Rune.IsLetter),
        Is("isalnum", rune => Rune.IsLetter(rune) || PyText.IsNumeric(rune)),
        Is("isdigit", rune => Rune.IsDigit(rune) || rune.Value is 0xb2 or 0xb3 or 0xb9 or 0x2070 or (>= 0x2074 and <= 0x2079) or (>= 0x2080 and <= 0x2089)),
        Is("isdecimal", Rune.IsDigit),
        Is("isnumeric", PyText.IsNumeric),
        Of("isascii", "", (_, text, _) => PyTruth.Box(Ascii.IsValid(text))),
        Of("isprintable", "", (_, text, _) => PyTruth.Box(text.EnumerateRunes().All(PyRepr.IsPrintable))),
        Of("isidentifier", "", (_, text, _) => PyTruth.Box(text.Length > 0 && !char.IsDigit(text[0]) && text.EnumerateRunes().All(PyText.IsWord))),
        Of("islower", "", (_, text, _) => PyTruth.Box(PyCasing.IsAll(text, upper: false))),
        Of("isupper", "", (_, text, _) => PyTruth.Box(PyCasing.IsAll(text, upper: true))),
        Of("istitle", "", (_, text, _) => PyTruth.Box(PyCasing.IsTitle(text))),
        new Builtin("format", (state, self, given) => Format(state, self, given)),
        new Builtin("format_map", "mapping", (state, self, given) => Format(state, self, given[0] is PyDict dict
            ? new Arguments([], [.. dict.Entries.Where(one => one.Key is string).Select(one => new KeyValuePair<string, object?>((string)one.Key!, one.Value))])
            : throw TemplateException.Failed($"'{PyTypes.Name(given[0])}' object is not a mapping"))),
        Of("encode", "encoding? errors?", (_, _, _) => throw TemplateException.Failed("bytes are not supported in chat templates")),
        Of("translate", "table", (_, _, _) => throw TemplateException.Failed("str.translate is not supported in chat templates")),
    }.ToFrozenDictionary(method => method.Name, StringComparer.Ordinal);

    /// <summary>Replaces, at most so many times when that is not negative.</summary>
    public static string Replace(RenderState state, string text, string old, string by, int count)
    {
        if (count == 0) return text;
        int found = 0;
        var made = new StringBuilder();
        if (old.Length == 0)
        {
            // Between all characters, and at both ends.
            foreach (object? one in PyText.Characters(text))
            {
                if (count < 0 || found < count)
                {
                    state.ChargeText(by.Length);
                    made.Append(by);
                    found++;
                }

                made.Append((string)one!);
            }

            return state.Made((count < 0 || found < count ? made.Append(by) : made).ToString());
        }

        int from = 0;
        var search = new TextSearch(text, old);
        for (int at; (count < 0 || found < count) && (at = search.Next(from)) >= 0; from = at + old.Length, found++)
        {
            state.ChargeText(by.Length);
            made.Append(text, from, at - from).Append(by);
        }

        return found == 0 ? text : state.Made(made.Append(text, from, text.Length - from).ToString());
    }

    /// <summary>Python's <c>join</c>: items must be texts.</summary>
    private static string Join(RenderState state, string separator, object? items)
    {
        var made = new StringBuilder();
        int index = 0;
        foreach (object? item in PyIteration.Each(state, items))
        {
            if (!PyText.TryGet(item, out string text))
                throw TemplateException.Failed($"sequence item {index}: expected str instance, {PyTypes.Name(item)} found");
            state.ChargeText(separator.Length + text.Length);
            if (index++ > 0) made.Append(separator);
            made.Append(text);
        }

        return made.ToString();
    }

    private static object Format(RenderState state, object? self, Arguments given)
    {
        PyText.TryGet(self, out string text);
        string made = PyFormat.Format(state, text, given, escape: self is Markup);
        return self is Markup ? new Markup(made) : made;
    }

    private delegate bool Fits(ReadOnlySpan<char> part, ReadOnlySpan<char> one);

    private static object Begins(RenderState state, string text, object?[] given, string name, Fits fits)
    {
        if (!Search.TryPart(text, given, out int from, out int to)) return PyTruth.False;
        foreach (object? one in given[0] is PyTuple tuple ? tuple.Items : [given[0]])
        {
            state.Step();
            if (!PyText.TryGet(one, out string wanted))
                throw TemplateException.Failed($"{name} first arg must be str or a tuple of str, not {PyTypes.Name(one)}");
            if (fits(text.AsSpan(from, to - from), wanted)) return PyTruth.True;
        }

        return PyTruth.False;
    }

    /// <summary>Pads to a width; of what is missing, a share goes before.</summary>
    private static string Pad(RenderState state, string text, object?[] given, int before, int parts)
    {
        string fill = given[1].Or(" ").Text("The fill character");
        if (PyText.Length(fill) != 1) throw TemplateException.Failed("The fill character must be exactly one character long");
        return Pad(state, text, given[0].Count(0), fill, before, parts);
    }

    /// <summary>Pads to a width.</summary>
    public static string Pad(RenderState state, string text, int width, string fill, int before, int parts)
    {
        int missing = width - PyText.Length(text);
        if (missing <= 0) return text;
        state.ChargeText((long)missing * fill.Length);
        // Python's center puts the odd one to the left when the width is odd too.
        int left = parts == 2 ? (missing / 2) + (missing & width & 1) : before * missing;
        return string.Concat(Enumerable.Repeat(fill, left)) + text + string.Concat(Enumerable.Repeat(fill, missing - left));
    }

    private static string ZeroFill(RenderState state, string text, int width)
    {
        int missing = width - PyText.Length(text);
        if (missing <= 0) return text;
        state.ChargeText(width);
        int sign = text.Length > 0 && text[0] is '+' or '-' ? 1 : 0;
        return text[..sign] + new string('0', missing) + text[sign..];
    }

    private static string ExpandTabs(RenderState state, string text, int size)
    {
        var made = new StringBuilder();
        int column = 0;
        foreach (char c in text)
        {
            if (c == '\t')
            {
                int spaces = size > 0 ? size - (column % size) : 0;
                state.ChargeText(spaces);
                made.Append(' ', spaces);
                column += spaces;
                continue;
            }

            made.Append(c);
            column = c is '\n' or '\r' ? 0 : column + 1;
        }

        return made.ToString();
    }

    private static Builtin Is(string name, Func<Rune, bool> holds) =>
        Of(name, "", (_, text, _) => PyTruth.Box(text.Length > 0 && text.EnumerateRunes().All(holds)));

    /// <summary>A method: of a text marked as safe, what it makes is marked too.</summary>
    private static Builtin Of(string name, string parameters, Work work) => new(name, parameters, (state, self, given) =>
    {
        if (self is not Markup markup) return work(state, (string)self!, given);
        if (name == "join") given = [new PyList([.. PyIteration.ToList(state, given[0]).Select(object? (item) => item is string text ? PyText.Escape(text) : item)])];
        return Mark(work(state, markup.Text, given));
    });

    private static object? Mark(object? value) => value switch
    {
        string text => new Markup(text),
        PyList list => new PyList([.. list.Items.Select(Mark)]),
        PyTuple tuple => new PyTuple([.. tuple.Items.Select(Mark)]),
        _ => value,
    };
}
