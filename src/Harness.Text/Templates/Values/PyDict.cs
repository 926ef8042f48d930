using System.Numerics;

namespace Harness.Text.Templates.Values;

/// <summary>A dict: keys equal as Python has it (1, 1.0 and true are one key), in the order they came.</summary>
internal sealed class PyDict
{
    /// <summary>Up to here looking at each key is as fast as hashing.</summary>
    private const int Small = 8;

    /// <summary>Tuples within tuples in a key.</summary>
    private const int DeepestKey = 100;

    private readonly List<KeyValuePair<object?, object?>> _entries = [];
    private Dictionary<object, int>? _index;

    /// <summary>Keys and values.</summary>
    public IReadOnlyList<KeyValuePair<object?, object?>> Entries => _entries;

    /// <summary>How many.</summary>
    public int Count => _entries.Count;

    /// <summary>A dict of named values.</summary>
    public static PyDict Of(IEnumerable<KeyValuePair<string, object?>> entries)
    {
        var made = new PyDict();
        foreach ((string key, object? value) in entries) made.Set(key, value);
        return made;
    }

    /// <summary>Looks a key up.</summary>
    /// <exception cref="TemplateException">The key is a list or a dict.</exception>
    public bool TryGet(object? key, out object? value)
    {
        int at = Find(key);
        value = at >= 0 ? _entries[at].Value : null;
        return at >= 0;
    }

    /// <summary>Sets a key, which keeps its place when it is there.</summary>
    public void Set(object? key, object? value)
    {
        int at = Find(key);
        if (at >= 0)
        {
            _entries[at] = new(_entries[at].Key, value);
            return;
        }

        _entries.Add(new(key is Markup markup ? markup.Text : key, value));
        if (_index is not null) _index[Hashable(key)] = _entries.Count - 1;
        else if (_entries.Count > Small)
        {
            _index = new(KeyComparer.Instance);
            for (int i = 0; i < _entries.Count; i++) _index[Hashable(_entries[i].Key)] = i;
        }
    }

    private int Find(object? key)
    {
        if (_index is null && key is string text)
        {
            for (int i = 0; i < _entries.Count; i++)
                if (_entries[i].Key is string one && one == text) return i;
            return -1;
        }

        object hashable = Hashable(key);
        if (_index is not null) return _index.TryGetValue(hashable, out int at) ? at : -1;
        for (int i = 0; i < _entries.Count; i++)
            if (KeyComparer.Instance.Equals(Hashable(_entries[i].Key), hashable)) return i;
        return -1;
    }

    /// <summary>A key with one form for all that is equal to it.</summary>
    public static object Hashable(object? key) => Hashable(key, DeepestKey);

    private static object Hashable(object? key, int depth) => key switch
    {
        null => NoneKey,
        string or long => key,
        bool flag => flag ? 1L : 0L,
        Markup markup => markup.Text,
        double number when number == Math.Floor(number) && !double.IsInfinity(number) => PyNumber.Normal(new BigInteger(number)),
        PyTuple tuple => depth > 0 ? new TupleKey([.. tuple.Items.Select(item => Hashable(item, depth - 1))]) : throw TemplateException.Limit("a key is nested too deeply"),
        PyList or PyDict or PyNamespace or PyDictView => throw TemplateException.Failed($"unhashable type: '{PyTypes.Name(key)}'"),
        Undefined => typeof(Undefined),
        _ => key,
    };

    private static readonly object NoneKey = new();

    private sealed record TupleKey(object[] Items)
    {
        public bool Equals(TupleKey? other) => other is not null && Items.SequenceEqual(other.Items, KeyComparer.Instance);

        public override int GetHashCode()
        {
            var hash = default(HashCode);
            foreach (object item in Items) hash.Add(item, KeyComparer.Instance);
            return hash.ToHashCode();
        }
    }

    /// <summary>Compares hashable forms.</summary>
    internal sealed class KeyComparer : IEqualityComparer<object>
    {
        public static KeyComparer Instance { get; } = new();

        public new bool Equals(object? x, object? y) => x is string a ? y is string b && a == b : object.Equals(x, y);

        public int GetHashCode(object value) => value.GetHashCode();
    }
}
