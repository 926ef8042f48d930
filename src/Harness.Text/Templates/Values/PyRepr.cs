using System.Buffers;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace Harness.Text.Templates.Values;

/// <summary>Python's <c>str</c> and <c>repr</c>.</summary>
internal static class PyRepr
{
    /// <summary>ASCII that stands in quotes as it is.</summary>
    private static readonly SearchValues<char> Plain =
        SearchValues.Create(string.Concat(Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (char)c).Where(c => c is not ('\'' or '\\'))));

    /// <summary>A value as a template prints it.</summary>
    public static string Str(RenderState state, object? value) => value switch
    {
        string text => text,
        Markup markup => markup.Text,
        Undefined => "",
        _ => Of(state, value),
    };

    /// <summary>A value as Python shows it among others.</summary>
    public static string Of(RenderState state, object? value)
    {
        switch (value)
        {
            case null: return "None";
            case bool flag: return flag ? "True" : "False";
            case long number: return number.ToString(CultureInfo.InvariantCulture);
            case BigInteger number:
                return number.GetBitLength() > 15_000
                    ? throw TemplateException.Failed($"Exceeds the limit ({PyNumber.MaximumDigits} digits) for integer string conversion")
                    : state.Made(number.ToString(CultureInfo.InvariantCulture));
            case double number: return PyNumber.Repr(number);
            case string text: return state.Made(Text(text));
            case Markup markup: return state.Made($"Markup({Text(markup.Text)})");
            case Undefined: return "Undefined";
        }

        var made = new StringBuilder();
        Write(state, value, made);
        return state.Made(made.ToString());
    }

    /// <summary>The <c>repr</c> of a text: quoted, with what does not print escaped.</summary>
    public static string Text(string text)
    {
        char quote = text.Contains('\'', StringComparison.Ordinal) && !text.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        if (!text.AsSpan().ContainsAnyExcept(Plain)) return $"'{text}'";
        var made = new StringBuilder(text.Length + 2).Append(quote);
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c == quote || c == '\\') made.Append('\\').Append(c);
            else if (c is >= ' ' and < '\x7f') made.Append(c);
            else if (c == '\n') made.Append("\\n");
            else if (c == '\r') made.Append("\\r");
            else if (c == '\t') made.Append("\\t");
            else if (!Rune.TryGetRuneAt(text, i, out Rune rune)) made.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else
            {
                if (IsPrintable(rune)) made.Append(rune.ToString());
                else made.Append(Escaped(rune.Value));
                i += rune.Utf16SequenceLength - 1;
            }
        }

        return made.Append(quote).ToString();
    }

    /// <summary>Python's <c>ascii</c> of a value: what is not ASCII is escaped too.</summary>
    public static string Ascii(string shown)
    {
        var made = new StringBuilder(shown.Length);
        foreach (Rune rune in shown.EnumerateRunes())
        {
            if (rune.IsAscii) made.Append((char)rune.Value);
            else made.Append(Escaped(rune.Value));
        }

        return made.ToString();
    }

    /// <summary>Whether Python prints a character as it is.</summary>
    public static bool IsPrintable(Rune rune) => rune.Value == ' ' || Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);

    private static string Escaped(int value) => value <= 0xff ? $"\\x{value:x2}" : value <= 0xffff ? $"\\u{value:x4}" : $"\\U{value:x8}";

    private static void Write(RenderState state, object? value, StringBuilder made)
    {
        state.Step();
        switch (value)
        {
            case PyList list: Sequence(state, "[", list.Items, "]", made); break;
            case PyTuple { Items: [var only] }:
                made.Append('(');
                Write(state, only, made);
                made.Append(",)");
                break;
            case PyTuple tuple: Sequence(state, "(", tuple.Items, ")", made); break;
            case PyDict dict: Dict(state, dict, made); break;
            case PyNamespace space:
                made.Append("<Namespace ");
                Dict(state, space.Attributes, made);
                made.Append('>');
                break;
            case PyDictView view: Sequence(state, view.Kind + "([", [.. view.Items], "])", made); break;
            case PyRange range:
                made.Append(CultureInfo.InvariantCulture, $"range({range.Start}, {range.Stop}");
                if (range.Step != 1) made.Append(CultureInfo.InvariantCulture, $", {range.Step}");
                made.Append(')');
                break;
            case PyIterator iterator: made.Append(CultureInfo.InvariantCulture, $"<{iterator.Kind} object>"); break;
            case LoopContext loop: LoopText(loop, made); break;
            case MacroFunction macro: made.Append(CultureInfo.InvariantCulture, $"<Macro {(macro.Name == "caller" ? "anonymous" : Text(macro.Name))}>"); break;
            case Callable callable: made.Append(CultureInfo.InvariantCulture, $"<function {callable.Name}>"); break;
            case PySlice slice: made.Append(CultureInfo.InvariantCulture, $"slice({Of(state, slice.Start)}, {Of(state, slice.Stop)}, {Of(state, slice.Step)})"); break;
            case null or bool or long or BigInteger or double or string or Markup or Undefined: made.Append(Of(state, value)); break;
            default: made.Append(CultureInfo.InvariantCulture, $"<{PyTypes.Name(value)} object>"); break;
        }

        // Counted as it grows: a list that holds one text a thousand times over is small, its text is not.
        state.Charge(8);
    }

    private static void LoopText(LoopContext loop, StringBuilder made)
    {
        loop.TryAttribute("index", out object? index);
        made.Append(CultureInfo.InvariantCulture, $"<LoopContext {index}/{loop.Length()}>");
    }

    private static void Sequence(RenderState state, string open, IReadOnlyList<object?> items, string close, StringBuilder made)
    {
        made.Append(open);
        for (int i = 0; i < items.Count; i++)
        {
            if (i > 0) made.Append(", ");
            Write(state, items[i], made);
        }

        made.Append(close);
    }

    private static void Dict(RenderState state, PyDict dict, StringBuilder made)
    {
        made.Append('{');
        for (int i = 0; i < dict.Count; i++)
        {
            if (i > 0) made.Append(", ");
            Write(state, dict.Entries[i].Key, made);
            made.Append(": ");
            Write(state, dict.Entries[i].Value, made);
        }

        made.Append('}');
    }
}
