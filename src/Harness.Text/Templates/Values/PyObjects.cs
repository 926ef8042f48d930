namespace Harness.Text.Templates.Values;

// A template's values are None (null), bool, long, BigInteger, double, string and the types below.

/// <summary>No value at all: a variable not yet assigned, an argument not given.</summary>
internal sealed class Missing
{
    private Missing()
    {
    }

    public static Missing Value { get; } = new();
}

/// <summary>Jinja2's undefined: prints as nothing, iterates as nothing, and fails when anything else is done with it.</summary>
/// <param name="message">What is undefined.</param>
internal sealed class Undefined(string message)
{
    /// <summary>A variable that is not defined.</summary>
    public static Undefined Name(string name) => new($"{PyRepr.Text(name)} is undefined");

    /// <summary>An attribute or item a value has not.</summary>
    public static Undefined Attribute(RenderState state, object? value, object? name) => new(name is string text
        ? $"'{PyTypes.Described(value)}' has no attribute {PyRepr.Text(text)}"
        : $"{PyTypes.Described(value)} has no element {PyRepr.Of(state, name)}");

    /// <summary>An attribute the sandbox keeps.</summary>
    public static Undefined Unsafe(object? value, string name) =>
        new($"access to attribute {PyRepr.Text(name)} of '{PyTypes.Name(value)}' object is unsafe.");

    /// <summary>The error of its use.</summary>
    public TemplateException Used() => TemplateException.Failed(message);
}

/// <summary>Text that is safe as HTML, as the filters <c>safe</c> and <c>escape</c> make it. What is added to it is escaped.</summary>
internal sealed record Markup(string Text);

/// <summary>A list. Templates cannot change one.</summary>
internal sealed class PyList(IReadOnlyList<object?> items)
{
    public IReadOnlyList<object?> Items => items;
}

/// <summary>A tuple.</summary>
/// <param name="items">The items.</param>
/// <param name="names">Names of the items, as <c>groupby</c> gives them; or null.</param>
internal sealed class PyTuple(object?[] items, string[]? names = null)
{
    public object?[] Items => items;

    public string[]? Names => names;
}

/// <summary>The variables of <c>namespace()</c>: the one thing a template can change.</summary>
internal sealed class PyNamespace
{
    public PyDict Attributes { get; } = new();

    public void Set(RenderState state, string name, object? value)
    {
        state.ChargeItems(1);
        Attributes.Set(name, value);
    }
}

/// <summary>A range of integers.</summary>
internal sealed record PyRange(long Start, long Stop, long Step)
{
    public long Count => Step > 0 ? (Start < Stop ? ((Stop - Start - 1) / Step) + 1 : 0) : Start > Stop ? ((Start - Stop - 1) / -Step) + 1 : 0;

    public long At(long index) => Start + (index * Step);
}

/// <summary>Items that can be taken once: a generator.</summary>
/// <param name="Kind">Python's name for it.</param>
/// <param name="Items">The items to come.</param>
internal sealed record PyIterator(string Kind, IEnumerator<object?> Items)
{
    public static PyIterator Of(string kind, IEnumerable<object?> items) => new(kind, items.GetEnumerator());
}

/// <summary>What <c>keys()</c>, <c>values()</c> and <c>items()</c> give.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Dict">Of what.</param>
internal sealed record PyDictView(string Kind, PyDict Dict)
{
    public IEnumerable<object?> Items => Kind switch
    {
        "dict_keys" => Dict.Entries.Select(entry => entry.Key),
        "dict_values" => Dict.Entries.Select(entry => entry.Value),
        _ => Dict.Entries.Select(object? (entry) => new PyTuple([entry.Key, entry.Value])),
    };
}

/// <summary>A slice's bounds.</summary>
internal sealed record PySlice(object? Start, object? Stop, object? Step);

/// <summary>What <c>cycler()</c> gives.</summary>
internal sealed class Cycler(object?[] items)
{
    private int _at;

    public object? Current => items[_at];

    public object? Next()
    {
        object? current = Current;
        _at = (_at + 1) % items.Length;
        return current;
    }

    public void Reset() => _at = 0;
}
