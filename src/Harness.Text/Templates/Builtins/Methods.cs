using System.Collections.Frozen;
using System.Numerics;

namespace Harness.Text.Templates.Builtins;

/// <summary>The methods of values other than texts, and what of them the sandbox keeps.</summary>
internal static class Methods
{
    private static readonly FrozenSet<string> DictMutations = FrozenSet.Create(StringComparer.Ordinal, "clear", "pop", "popitem", "setdefault", "update");

    private static readonly FrozenSet<string> ListMutations = FrozenSet.Create(
        StringComparer.Ordinal, "append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove");

    private static readonly FrozenDictionary<string, Builtin> OfDicts = new[]
    {
        new Builtin("get", "key default?", (_, self, given) => ((PyDict)self!).TryGet(given[0], out object? value) ? value : given[1].Or(null)),
        new Builtin("keys", "", (_, self, _) => new PyDictView("dict_keys", (PyDict)self!)),
        new Builtin("values", "", (_, self, _) => new PyDictView("dict_values", (PyDict)self!)),
        new Builtin("items", "", (_, self, _) => new PyDictView("dict_items", (PyDict)self!)),
        new Builtin("copy", "", (_, self, _) => self),
        new Builtin("fromkeys", "iterable value?", (state, _, given) =>
        {
            var made = new PyDict();
            foreach (object? key in PyIteration.Each(state, given[0])) made.Set(key, given[1].Or(null));
            return made;
        }),
    }.ToFrozenDictionary(method => method.Name, StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, Builtin> OfSequences = new[]
    {
        new Builtin("index", "value start? stop?", (state, self, given) =>
        {
            IReadOnlyList<object?> items = PyIteration.ToList(state, self);
            int from = Bound(given[1], items.Count, 0), to = Bound(given[2], items.Count, items.Count);
            for (int i = from; i < to; i++)
                if (PyCompare.AreEqual(state, items[i], given[0])) return (long)i;
            throw TemplateException.Failed(self is PyTuple ? "tuple.index(x): x not in tuple" : $"{PyRepr.Of(state, given[0])} is not in list");
        }),
        new Builtin("count", "value", (state, self, given) => PyIteration.ToList(state, self).LongCount(item => PyCompare.AreEqual(state, item, given[0]))),
    }.ToFrozenDictionary(method => method.Name, StringComparer.Ordinal);

    private static readonly Builtin CopyList = new("copy", "", (_, self, _) => self);

    private static readonly FrozenDictionary<string, Builtin> OfNumbers = new[]
    {
        new Builtin("is_integer", "", (_, self, _) => PyTruth.Box(self is not double number || (number == Math.Floor(number) && !double.IsInfinity(number)))),
        new Builtin("conjugate", "", (_, self, _) => self),
        new Builtin("bit_length", "", (_, self, _) => PyNumber.TryInteger(self, out BigInteger number) ? BigInteger.Abs(number).GetBitLength() : throw TemplateException.Failed("'float' object has no attribute 'bit_length'")),
        new Builtin("bit_count", "", (_, self, _) => PyNumber.TryInteger(self, out BigInteger number)
            ? (long)BigInteger.Abs(number).ToByteArray().Sum(one => BitOperations.PopCount(one))
            : throw TemplateException.Failed("'float' object has no attribute 'bit_count'")),
    }.ToFrozenDictionary(method => method.Name, StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, Builtin> OfCyclers = new[]
    {
        new Builtin("next", "", (_, self, _) => ((Cycler)self!).Next()),
        new Builtin("reset", "", (_, self, _) =>
        {
            ((Cycler)self!).Reset();
            return null;
        }),
    }.ToFrozenDictionary(method => method.Name, StringComparer.Ordinal);

    /// <summary>Whether an attribute would change a list or a dict: the sandbox gives no such method out.</summary>
    public static bool IsMutating(object? value, string name) =>
        (value is PyDict && DictMutations.Contains(name)) || (value is PyList && ListMutations.Contains(name));

    /// <summary>A method of a value, or null.</summary>
    public static Builtin? Find(object value, string name)
    {
        FrozenDictionary<string, Builtin>? all = value switch
        {
            string or Markup => StringMethods.All,
            PyDict => OfDicts,
            PyList or PyTuple or PyRange => OfSequences,
            bool or long or BigInteger or double => OfNumbers,
            Cycler => OfCyclers,
            _ => null,
        };
        if (value is PyList && name == "copy") return CopyList.Of(value);
        return all is not null && all.TryGetValue(name, out Builtin? method) ? method.Of(value) : null;
    }

    /// <summary>An attribute that is no method, or <see cref="Missing.Value"/>.</summary>
    public static object? Property(object? value, string name) => (value, name) switch
    {
        (bool or long or BigInteger, "real" or "numerator") => value is bool flag ? flag ? 1L : 0L : value,
        (bool or long or BigInteger, "imag") => 0L,
        (bool or long or BigInteger, "denominator") => 1L,
        (double, "real") => value,
        (double, "imag") => 0.0,
        (PyRange range, "start") => range.Start,
        (PyRange range, "stop") => range.Stop,
        (PyRange range, "step") => range.Step,
        _ => Missing.Value,
    };

    private static int Bound(object? given, int length, int otherwise)
    {
        if (given.Or(null) is not { } value) return otherwise;
        long at = PyNumber.Index(value);
        return (int)Math.Clamp(at < 0 ? at + length : at, 0, length);
    }
}
