namespace Harness.Text.Templates.Values;

/// <summary>Going through the items of values.</summary>
internal static class PyIteration
{
    /// <summary>Whether a value has items to go through.</summary>
    public static bool CanIterate(object? value) =>
        value is string or Markup or PyList or PyTuple or PyDict or PyDictView or PyRange or PyIterator or Undefined or LoopContext;

    /// <summary>The items, each counted as a step.</summary>
    /// <exception cref="TemplateException">It has none to go through.</exception>
    public static IEnumerable<object?> Each(RenderState state, object? value)
    {
        if (!CanIterate(value)) throw TemplateException.Failed($"'{PyTypes.Name(value)}' object is not iterable");
        return Counted(state, Items(value));
    }

    /// <summary>The items as a list.</summary>
    public static IReadOnlyList<object?> ToList(RenderState state, object? value)
    {
        switch (value)
        {
            case PyList list: return list.Items;
            case PyTuple tuple: return tuple.Items;
        }

        var made = new List<object?>();
        foreach (object? item in Each(state, value))
        {
            state.ChargeItems(1);
            made.Add(item);
        }

        return made;
    }

    /// <summary>How many items, of what can tell.</summary>
    public static bool TryLength(object? value, out long length)
    {
        length = value switch
        {
            string text => PyText.Length(text),
            Markup markup => PyText.Length(markup.Text),
            PyList list => list.Items.Count,
            PyTuple tuple => tuple.Items.Length,
            PyDict dict => dict.Count,
            PyDictView view => view.Dict.Count,
            PyRange range => range.Count,
            Undefined => 0,
            LoopContext loop => loop.Length(),
            _ => -1,
        };
        return length >= 0;
    }

    /// <summary>How many items.</summary>
    /// <exception cref="TemplateException">It cannot tell.</exception>
    public static long Length(object? value) => TryLength(value, out long length)
        ? length
        : throw TemplateException.Failed($"object of type '{PyTypes.Name(value)}' has no len()");

    /// <summary>The items from the last to the first, of what has an order.</summary>
    public static IEnumerable<object?>? Reversed(object? value) => value switch
    {
        Markup markup => PyText.Characters(markup.Text).Reverse().Select(object? (one) => new Markup((string)one!)),
        string or PyList or PyTuple or PyDict or PyDictView or PyRange or Undefined => Items(value).Reverse(),
        _ => null,
    };

    private static IEnumerable<object?> Counted(RenderState state, IEnumerable<object?> items)
    {
        foreach (object? item in items)
        {
            state.Step();
            yield return item;
        }
    }

    private static IEnumerable<object?> Items(object? value) => value switch
    {
        string text => PyText.Characters(text),

        // Going through marked text gives plain letters; only taking one by its index keeps the mark.
        Markup markup => PyText.Characters(markup.Text),
        PyList list => list.Items,
        PyTuple tuple => tuple.Items,
        PyDict dict => dict.Entries.Select(entry => entry.Key),
        PyDictView view => view.Items,
        PyRange range => Numbers(range),
        PyIterator iterator => Rest(iterator.Items),
        LoopContext loop => Loop(loop),
        _ => [],
    };

    private static IEnumerable<object?> Numbers(PyRange range)
    {
        for (long i = 0; i < range.Count; i++) yield return range.At(i);
    }

    private static IEnumerable<object?> Rest(IEnumerator<object?> items)
    {
        while (items.MoveNext()) yield return items.Current;
    }

    private static IEnumerable<object?> Loop(LoopContext loop)
    {
        while (loop.MoveNext()) yield return new PyTuple([loop.Current, loop]);
    }
}
