namespace Harness.Text.Templates.Rendering;

/// <summary>The variable <c>loop</c>. Looks one item ahead, and counts items, only when it is asked.</summary>
internal sealed class LoopContext : Callable
{
    private readonly RenderState _state;
    private readonly object? _sequence;
    private readonly int _depth;
    private readonly Func<object?, string>? _recurse;
    private IEnumerator<object?> _items;
    private object? _after = Missing.Value;
    private object? _before = Missing.Value;
    private object?[]? _lastChanged;
    private long? _length;
    private long _index = -1;

    /// <summary>Begins a loop.</summary>
    /// <param name="state">The rendering.</param>
    /// <param name="sequence">What is iterated, when its length may be asked for; else null.</param>
    /// <param name="items">Its items.</param>
    /// <param name="depth">Recursive loops around it.</param>
    /// <param name="recurse">Loops again over something else, or null.</param>
    public LoopContext(RenderState state, object? sequence, IEnumerator<object?> items, int depth, Func<object?, string>? recurse)
    {
        _state = state;
        _sequence = sequence;
        _items = items;
        _depth = depth;
        _recurse = recurse;
    }

    /// <summary>The item of this turn.</summary>
    public object? Current { get; private set; } = Missing.Value;

    public override string Name => "loop";

    /// <summary>Goes to the next item.</summary>
    public bool MoveNext()
    {
        object? next;
        if (!ReferenceEquals(_after, Missing.Value))
        {
            next = _after;
            _after = Missing.Value;
        }
        else if (_items.MoveNext())
        {
            next = _items.Current;
        }
        else
        {
            return false;
        }

        _index++;
        _before = Current;
        Current = next;
        return true;
    }

    /// <summary>Its attributes; false for what it has not.</summary>
    public bool TryAttribute(string name, out object? value)
    {
        value = name switch
        {
            "index" => _index + 1,
            "index0" => _index,
            "first" => PyTruth.Box(_index == 0),
            "last" => PyTruth.Box(ReferenceEquals(Peek(), Missing.Value)),
            "length" => Length(),
            "revindex" => Length() - _index,
            "revindex0" => Length() - _index - 1,
            "depth" => (long)_depth + 1,
            "depth0" => (long)_depth,
            "previtem" => _index == 0 ? new Undefined("there is no previous item") : _before,
            "nextitem" => Peek() is var next && ReferenceEquals(next, Missing.Value) ? new Undefined("there is no next item") : next,
            "cycle" => new Builtin("cycle", (_, _, given) => given.Positional is { Length: > 0 } items
                ? items[_index % items.Length]
                : throw TemplateException.Failed("no items for cycling given")),
            "changed" => new Builtin("changed", (state, _, given) => PyTruth.Box(Changed(state, given.Positional))),
            _ => Missing.Value,
        };
        return !ReferenceEquals(value, Missing.Value);
    }

    /// <summary>How many items there are; of what cannot tell, they are all taken.</summary>
    public long Length()
    {
        if (_length is { } known) return known;
        if (PyIteration.TryLength(_sequence, out long length) && _sequence is not null) return (_length = length).Value;
        var rest = new List<object?>();
        while (_items.MoveNext())
        {
            _state.ChargeItems(1);
            rest.Add(_items.Current);
        }

        _items = rest.GetEnumerator();
        return (_length = rest.Count + _index + 1 + (ReferenceEquals(_after, Missing.Value) ? 0 : 1)).Value;
    }

    public override object? Call(RenderState state, Arguments given) => _recurse is null
        ? throw TemplateException.Failed("The loop must have the 'recursive' marker to be called recursively.")
        : _recurse(given.Positional is [var items, ..] ? items : throw TemplateException.Failed("loop() missing 1 required positional argument: 'iterable'"));

    private object? Peek()
    {
        if (ReferenceEquals(_after, Missing.Value) && _items.MoveNext()) _after = _items.Current;
        return _after;
    }

    private bool Changed(RenderState state, object?[] values)
    {
        if (_lastChanged is { } last && PyCompare.AreEqual(state, new PyTuple(last), new PyTuple(values))) return false;
        _lastChanged = values;
        return true;
    }
}
