using System.Text;

namespace Harness.Text.Templates.Values;

/// <summary>Python's <c>str.format</c>, with attributes and items looked up behind the sandbox.</summary>
internal static class PyFormat
{
    /// <summary>Formats.</summary>
    /// <param name="state">The rendering.</param>
    /// <param name="template">The text with its fields.</param>
    /// <param name="given">Values of the fields.</param>
    /// <param name="escape">Whether what is put in is escaped as HTML.</param>
    public static string Format(RenderState state, string template, Arguments given, bool escape)
    {
        int next = 0;
        return Format(state, template, given, escape, ref next, depth: 2);
    }

    private static string Format(RenderState state, string template, Arguments given, bool escape, ref int next, int depth)
    {
        if (depth == 0) throw TemplateException.Failed("Max string recursion exceeded");
        var made = new StringBuilder();
        for (int i = 0; i < template.Length; i++)
        {
            char c = template[i];
            if (c is '{' or '}' && i + 1 < template.Length && template[i + 1] == c)
            {
                made.Append(c);
                i++;
            }
            else if (c == '}')
            {
                throw TemplateException.Failed("Single '}' encountered in format string");
            }
            else if (c == '{')
            {
                int end = FieldEnd(template, i + 1);
                state.Step();
                string text = Field(state, template[(i + 1)..end], given, escape, ref next, depth);
                state.ChargeText(text.Length);
                made.Append(text);
                i = end;
            }
            else
            {
                made.Append(c);
            }
        }

        return state.Made(made.ToString());
    }

    private static int FieldEnd(string template, int at)
    {
        int open = 1;
        for (int brackets = 0; at < template.Length; at++)
        {
            if (template[at] == '[') brackets++;
            else if (template[at] == ']') brackets = Math.Max(0, brackets - 1);
            else if (template[at] == '{' && brackets == 0) open++;
            else if (template[at] == '}' && brackets == 0 && --open == 0) return at;
        }

        throw TemplateException.Failed(open > 0 && template.EndsWith('{') ? "Single '{' encountered in format string" : "expected '}' before end of string");
    }

    private static string Field(RenderState state, string field, Arguments given, bool escape, ref int next, int depth)
    {
        int nameEnd = NameEnd(field);
        string name = field[..nameEnd];
        char conversion = '\0';
        string specification = "";
        int at = nameEnd;
        if (at < field.Length && field[at] == '!')
        {
            conversion = at + 1 < field.Length ? field[at + 1] : throw TemplateException.Failed("end of string while looking for conversion specifier");
            at += 2;
            if (at < field.Length && field[at] != ':') throw TemplateException.Failed("expected ':' after conversion specifier");
        }

        object? value = Find(state, name, given, ref next);
        if (at < field.Length) specification = Format(state, field[(at + 1)..], given, escape: false, ref next, depth - 1);
        value = conversion switch
        {
            '\0' => value,
            's' => PyRepr.Str(state, value),
            'r' => PyRepr.Of(state, value),
            'a' => PyRepr.Ascii(PyRepr.Of(state, value)),
            _ => throw TemplateException.Failed($"Unknown conversion specifier {conversion}"),
        };
        string text = PyFormatSpec.Format(state, value, specification);
        return escape && value is not Markup ? PyText.Escape(text) : text;
    }

    private static int NameEnd(string field)
    {
        bool bracket = false;
        for (int i = 0; i < field.Length; i++)
        {
            if (field[i] == '[') bracket = true;
            else if (field[i] == ']') bracket = false;
            else if (!bracket && field[i] is '!' or ':') return i;
        }

        return field.Length;
    }

    private static object? Find(RenderState state, string name, Arguments given, ref int next)
    {
        int end = name.AsSpan().IndexOfAny('.', '[') is var found and >= 0 ? found : name.Length;
        string first = name[..end];
        object? value = Root(first, given, ref next);
        for (int at = end; at < name.Length;)
        {
            int stop;
            if (name[at] == '.')
            {
                stop = name.AsSpan(at + 1).IndexOfAny('.', '[') is var dot and >= 0 ? at + 1 + dot : name.Length;
                if (stop == at + 1) throw TemplateException.Failed("Empty attribute in format string");
                value = PyAccess.Attribute(state, value, name[(at + 1)..stop]);
            }
            else if (name[at] == '[')
            {
                stop = name.IndexOf(']', at);
                if (stop < 0) throw TemplateException.Failed("Missing ']' in format string");
                string key = name[(at + 1)..stop];
                if (key.Length == 0) throw TemplateException.Failed("Empty attribute in format string");
                value = PyAccess.Item(state, value, key.All(char.IsAsciiDigit) && PyNumber.TryParseInteger(key, 10, out var index) ? PyNumber.Normal(index) : key);
                stop++;
            }
            else
            {
                throw TemplateException.Failed("Only '.' or '[' may follow ']' in format field specifier");
            }

            at = stop;
        }

        return value;
    }

    private static object? Root(string first, Arguments given, ref int next)
    {
        if (first.Length == 0)
        {
            if (next < 0) throw TemplateException.Failed("cannot switch from manual field specification to automatic field numbering");
            return At(next++, given);
        }

        if (first.All(char.IsAsciiDigit))
        {
            if (next > 0) throw TemplateException.Failed("cannot switch from automatic field numbering to manual field specification");
            next = -1;
            return At(first.Length < 9 ? int.Parse(first, System.Globalization.CultureInfo.InvariantCulture) : int.MaxValue, given);
        }

        foreach ((string key, object? value) in given.Named)
            if (key == first) return value;
        throw TemplateException.Failed($"'{first}'");
    }

    private static object? At(int index, Arguments given) => index < given.Positional.Length
        ? given.Positional[index]
        : throw TemplateException.Failed("tuple index out of range");
}
