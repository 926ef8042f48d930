namespace Harness.Text.Templates.Values;

/// <summary>Python's <c>pformat</c> of what fits a line, with the keys of dicts sorted.</summary>
internal static class PyPrettyPrint
{
    private const int Width = 80;

    /// <summary>Formats a value.</summary>
    /// <exception cref="TemplateException">It does not fit a line: Python's way to break it is not offered.</exception>
    public static string Format(RenderState state, object? value)
    {
        string made = PyRepr.Of(state, Sorted(state, value));
        return PyText.Length(made) < Width
            ? made
            : throw TemplateException.Failed($"the filter 'pprint' is supported for values of less than {Width} characters: use 'tojson'");
    }

    private static object? Sorted(RenderState state, object? value)
    {
        state.Step();
        switch (value)
        {
            case PyList list: return new PyList([.. list.Items.Select(item => Sorted(state, item))]);
            case PyTuple tuple: return new PyTuple([.. tuple.Items.Select(item => Sorted(state, item))]);
            case PyDict dict:
                var made = new PyDict();
                foreach ((object? key, object? item) in MergeSort.Sort([.. dict.Entries], (a, b) => a.Key is string x && b.Key is string y && PyCompare.Less(state, x, y)))
                    made.Set(key, Sorted(state, item));
                return made;
            default: return value;
        }
    }
}
