using System.Globalization;
using System.Numerics;
using System.Text;

namespace Harness.Text.Templates.Values;

/// <summary>Python's <c>json.dumps</c>.</summary>
/// <param name="state">The rendering.</param>
/// <param name="indent">What each level is indented by; null writes one line.</param>
/// <param name="itemSeparator">Between items.</param>
/// <param name="keySeparator">Between a key and its value.</param>
/// <param name="ascii">Whether what is not ASCII is escaped.</param>
/// <param name="sortKeys">Whether keys are sorted.</param>
internal sealed class PyJson(RenderState state, string? indent, string itemSeparator, string keySeparator, bool ascii, bool sortKeys)
{
    private readonly StringBuilder _made = new();
    private int _level;

    /// <summary>Writes a value.</summary>
    public string Write(object? value)
    {
        One(value);
        return state.Made(_made.ToString());
    }

    private void One(object? value)
    {
        state.Step();
        switch (value)
        {
            case null: _made.Append("null"); break;
            case bool flag: _made.Append(flag ? "true" : "false"); break;
            case long or BigInteger: _made.Append(PyRepr.Of(state, value)); break;
            case double number: _made.Append(Number(number)); break;
            case string text: Text(text); break;
            case Markup markup: Text(markup.Text); break;
            case PyList list: Items('[', list.Items, ']', One); break;
            case PyTuple tuple: Items('[', tuple.Items, ']', One); break;
            case PyDict dict: Items('{', Sorted(dict), '}', Entry); break;
            default: throw TemplateException.Failed($"Object of type {PyTypes.Name(value)} is not JSON serializable");
        }
    }

    private IReadOnlyList<KeyValuePair<object?, object?>> Sorted(PyDict dict) => sortKeys
        ? MergeSort.Sort([.. dict.Entries], (a, b) => PyCompare.Less(state, a.Key, b.Key))
        : dict.Entries;

    private void Entry(KeyValuePair<object?, object?> entry)
    {
        Text(entry.Key switch
        {
            string text => text,
            null => "null",
            bool flag => flag ? "true" : "false",
            long or BigInteger => PyRepr.Of(state, entry.Key),
            double number => Number(number),
            _ => throw TemplateException.Failed($"keys must be str, int, float, bool or None, not {PyTypes.Name(entry.Key)}"),
        });
        _made.Append(keySeparator);
        One(entry.Value);
    }

    private void Items<T>(char open, IReadOnlyList<T> items, char close, Action<T> write)
    {
        _made.Append(open);
        _level++;
        for (int i = 0; i < items.Count; i++)
        {
            if (i > 0) _made.Append(itemSeparator);
            Line();
            write(items[i]);
        }

        _level--;
        if (items.Count > 0) Line();
        _made.Append(close);
    }

    private void Line()
    {
        if (indent is null) return;
        state.ChargeText((long)indent.Length * _level);
        _made.Append('\n');
        for (int i = 0; i < _level; i++) _made.Append(indent);
    }

    private static string Number(double value) =>
        double.IsNaN(value) ? "NaN" : double.IsInfinity(value) ? value > 0 ? "Infinity" : "-Infinity" : PyNumber.Repr(value);

    private void Text(string text)
    {
        state.ChargeText(text.Length);
        _made.Append('"');
        foreach (char c in text)
        {
            switch (c)
            {
                case '"': _made.Append("\\\""); break;
                case '\\': _made.Append("\\\\"); break;
                case '\n': _made.Append("\\n"); break;
                case '\r': _made.Append("\\r"); break;
                case '\t': _made.Append("\\t"); break;
                case '\f': _made.Append("\\f"); break;
                case '\b': _made.Append("\\b"); break;
                case < ' ':
                case > '~' when ascii:
                    _made.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture));
                    break;
                default: _made.Append(c); break;
            }
        }

        _made.Append('"');
    }
}
