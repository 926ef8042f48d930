using System.Numerics;

namespace Harness.Text.Templates.Values;

/// <summary>Python's comparisons.</summary>
internal static class PyCompare
{
    /// <summary>Whether a comparison holds.</summary>
    public static bool Holds(RenderState state, string symbol, object? left, object? right) => symbol switch
    {
        "==" => AreEqual(state, left, right),
        "!=" => !AreEqual(state, left, right),
        "in" => Contains(state, right, left),
        "not in" => !Contains(state, right, left),
        _ => Ordered(state, symbol, left, right),
    };

    /// <summary>Equality: of numbers by value, of lists by items.</summary>
    public static bool AreEqual(RenderState state, object? left, object? right)
    {
        if (PyText.TryGet(left, out string first) && PyText.TryGet(right, out string second))
        {
            if (first.Length != second.Length) return false;
            state.Read(first.Length);
            return first == second;
        }

        if (PyNumber.TryFloat(left, out _) && PyNumber.TryFloat(right, out _)) return Numbers(left, right) == 0;
        state.Step();
        return (left, right) switch
        {
            (null, null) or (Undefined, Undefined) => true,
            (PyList x, PyList y) => Sequences(state, x.Items, y.Items),
            (PyTuple x, PyTuple y) => Sequences(state, x.Items, y.Items),
            (PyDict x, PyDict y) => Dicts(state, x, y),
            (PyRange x, PyRange y) => x.Count == y.Count && (x.Count == 0 || (x.Start == y.Start && (x.Count == 1 || x.Step == y.Step))),
            (PyDictView x, PyDictView y) when x.Kind == y.Kind && x.Kind != "dict_values" => Views(state, x, y),
            _ => ReferenceEquals(left, right),
        };
    }

    /// <summary>Orders two values, as a sort does.</summary>
    /// <returns>Whether the first is less.</returns>
    public static bool Less(RenderState state, object? left, object? right) => Ordered(state, "<", left, right);

    private static bool Ordered(RenderState state, string symbol, object? left, object? right)
    {
        state.Step();
        if (left is Undefined undefined) throw undefined.Used();
        if (right is Undefined other) throw other.Used();
        if (PyNumber.TryFloat(left, out _) && PyNumber.TryFloat(right, out _)) return Numbers(left, right) is { } number && Is(symbol, number);
        if (PyText.TryGet(left, out string a) && PyText.TryGet(right, out string b))
        {
            state.Read(Math.Min(a.Length, b.Length));
            return Is(symbol, Texts(a, b));
        }

        IReadOnlyList<object?>? x = Items(left), y = Items(right);
        if (x is null || y is null || left is PyList != right is PyList)
            throw TemplateException.Failed($"'{symbol}' not supported between instances of '{PyTypes.Name(left)}' and '{PyTypes.Name(right)}'");
        for (int i = 0; i < Math.Min(x.Count, y.Count); i++)
            if (!AreEqual(state, x[i], y[i])) return Ordered(state, symbol, x[i], y[i]);
        return Is(symbol, x.Count.CompareTo(y.Count));
    }

    private static IReadOnlyList<object?>? Items(object? value) => value switch { PyList list => list.Items, PyTuple tuple => tuple.Items, _ => null };

    private static bool Is(string symbol, int order) => symbol switch { "<" => order < 0, "<=" => order <= 0, ">" => order > 0, _ => order >= 0 };

    /// <summary>The order of numbers; null when one is no number at all.</summary>
    private static int? Numbers(object? left, object? right)
    {
        if (left is long a && right is long b) return a.CompareTo(b);
        if (PyNumber.TryInteger(left, out BigInteger first) && PyNumber.TryInteger(right, out BigInteger second)) return first.CompareTo(second);
        PyNumber.TryFloat(left, out double x);
        PyNumber.TryFloat(right, out double y);
        if (double.IsNaN(x) || double.IsNaN(y)) return null;
        // An integer may lie between two floats.
        if (left is not double && !double.IsInfinity(y) && PyNumber.TryInteger(left, out BigInteger exact) && BigInteger.Abs(exact) > 1L << 53)
            return exact.CompareTo(new BigInteger(Math.Floor(y))) is var order and not 0 ? order : y > Math.Floor(y) ? -1 : 0;
        if (right is not double && !double.IsInfinity(x) && PyNumber.TryInteger(right, out BigInteger other) && BigInteger.Abs(other) > 1L << 53)
            return -Numbers(right, left);
        return x.CompareTo(y);
    }

    /// <summary>By code points: UTF-16 units would put the last planes before the last of the first.</summary>
    private static int Texts(string a, string b)
    {
        int length = Math.Min(a.Length, b.Length);
        for (int i = 0; i < length; i++)
        {
            if (a[i] == b[i]) continue;
            bool left = char.IsSurrogate(a[i]), right = char.IsSurrogate(b[i]);
            return left == right ? a[i].CompareTo(b[i]) : left ? 1 : -1;
        }

        return a.Length.CompareTo(b.Length);
    }

    /// <summary>Python's <c>in</c>.</summary>
    public static bool Contains(RenderState state, object? container, object? item)
    {
        if (PyText.TryGet(container, out string text))
        {
            if (item is Undefined) throw TemplateException.Failed("'in <string>' requires string as left operand, not Undefined");
            state.Read(text.Length);
            return PyText.TryGet(item, out string part)
                ? TextSearch.IndexOf(text, part) >= 0
                : throw TemplateException.Failed($"'in <string>' requires string as left operand, not {PyTypes.Name(item)}");
        }

        state.Read(item);
        if (container is PyDict dict) return dict.TryGet(item, out _);
        if (container is PyDictView { Kind: "dict_keys" } keys) return keys.Dict.TryGet(item, out _);
        if (container is PyRange range && PyNumber.TryInteger(item, out BigInteger number))
            return range.Count > 0 && number >= Math.Min(range.Start, range.At(range.Count - 1)) && number <= Math.Max(range.Start, range.At(range.Count - 1))
                && (number - range.Start) % range.Step == 0;
        if (!PyIteration.CanIterate(container)) throw TemplateException.Failed($"argument of type '{PyTypes.Name(container)}' is not iterable");
        foreach (object? one in PyIteration.Each(state, container))
            if (AreEqual(state, one, item)) return true;
        return false;
    }

    private static bool Sequences(RenderState state, IReadOnlyList<object?> left, IReadOnlyList<object?> right)
    {
        if (left.Count != right.Count) return false;
        for (int i = 0; i < left.Count; i++)
            if (!AreEqual(state, left[i], right[i])) return false;
        return true;
    }

    private static bool Views(RenderState state, PyDictView left, PyDictView right)
    {
        if (left.Dict.Count != right.Dict.Count) return false;
        state.Steps(left.Dict.Count);
        return Sequences(state, [.. left.Items], [.. right.Items]);
    }

    private static bool Dicts(RenderState state, PyDict left, PyDict right)
    {
        if (left.Count != right.Count) return false;
        foreach ((object? key, object? value) in left.Entries)
            if (!right.TryGet(key, out object? other) || !AreEqual(state, value, other)) return false;
        return true;
    }
}
