using System.Collections.Frozen;
using System.Numerics;

namespace Harness.Text.Templates.Builtins;

/// <summary>The tests of Jinja2: what follows <c>is</c>.</summary>
internal static class Tests
{
    private static readonly FrozenDictionary<string, Builtin> All = new[]
    {
        Is("defined", value => value is not Undefined),
        Is("undefined", value => value is Undefined),
        Is("none", value => value is null),
        Is("boolean", value => value is bool),
        Is("true", value => value is true),
        Is("false", value => value is false),
        Is("integer", value => value is long or BigInteger),
        Is("float", value => value is double),
        Is("number", value => value is bool or long or BigInteger or double),
        Is("string", value => value is string or Markup),
        Is("mapping", value => value is PyDict),
        Is("sequence", value => value is string or Markup or PyList or PyTuple or PyDict or PyRange or Undefined),
        Is("iterable", PyIteration.CanIterate),
        Is("callable", value => value is Callable or Undefined),
        Is("escaped", value => value is Markup),
        new Builtin("lower", "", (state, self, _) => PyTruth.Box(PyCasing.IsAll(PyRepr.Str(state, self), upper: false))),
        new Builtin("upper", "", (state, self, _) => PyTruth.Box(PyCasing.IsAll(PyRepr.Str(state, self), upper: true))),
        new Builtin("odd", "", (state, self, _) => Remains(state, self, 2L, 1L)),
        new Builtin("even", "", (state, self, _) => Remains(state, self, 2L, 0L)),
        new Builtin("divisibleby", "num", (state, self, given) => Remains(state, self, given[0], 0L)),
        new Builtin("sameas", "other", (_, self, given) => PyTruth.Box(Same(self, given[0]))),
        new Builtin("in", "seq", (state, self, given) => PyTruth.Box(PyCompare.Contains(state, given[0], self))),
        new Builtin("filter", "", (_, self, _) => PyTruth.Box(PyText.TryGet(self, out string name) && Filters.Find(name) is not null)),
        new Builtin("test", "", (_, self, _) => PyTruth.Box(PyText.TryGet(self, out string name) && Find(name) is not null)),
        Compares("==", "=="), Compares("eq", "=="), Compares("equalto", "=="),
        Compares("!=", "!="), Compares("ne", "!="),
        Compares(">", ">"), Compares("gt", ">"), Compares("greaterthan", ">"),
        Compares(">=", ">="), Compares("ge", ">="),
        Compares("<", "<"), Compares("lt", "<"), Compares("lessthan", "<"),
        Compares("<=", "<="), Compares("le", "<="),
    }.ToFrozenDictionary(test => test.Name, StringComparer.Ordinal);

    /// <summary>A test by name, or null.</summary>
    public static Builtin? Find(string name) => All.GetValueOrDefault(name);

    private static Builtin Is(string name, Func<object?, bool> holds) => new(name, "", (_, self, _) => PyTruth.Box(holds(self)));

    private static Builtin Compares(string name, string symbol) =>
        new(name, "other", (state, self, given) => PyTruth.Box(PyCompare.Holds(state, symbol, self, given[0])));

    private static object Remains(RenderState state, object? value, object? by, object rest) =>
        PyTruth.Box(PyCompare.AreEqual(state, PyArithmetic.Apply(state, "%", value, by), rest));

    /// <summary>Whether two values are one object. Python has small integers and single characters once.</summary>
    private static bool Same(object? left, object? right) => (left, right) switch
    {
        (bool a, bool b) => a == b,
        (long a, long b) when a is >= -5 and <= 256 => a == b,
        (string { Length: <= 1 } a, string b) => a == b,
        _ => ReferenceEquals(left, right),
    };
}
