using System.Collections.Frozen;
using System.Numerics;

namespace Harness.Text.Templates.Builtins;

/// <summary>The filters of Jinja2, with <c>tojson</c> as chat templates have it.</summary>
internal static class Filters
{
    private static readonly FrozenDictionary<string, Builtin> All = new[]
    {
        TextFilters.All, SequenceFilters.All, Own(),
    }.SelectMany(filters => filters).ToFrozenDictionary(filter => filter.Name, StringComparer.Ordinal);

    /// <summary>A filter by name, or null.</summary>
    public static Builtin? Find(string name) => All.GetValueOrDefault(name);

    private static IEnumerable<Builtin> Own() =>
    [
        new("abs", "", (_, self, _) => self switch
        {
            double number => Math.Abs(number),
            Undefined undefined => throw TemplateException.Failed("bad operand type for abs(): 'Undefined'"),
            _ => PyNumber.TryInteger(self, out BigInteger integer) ? PyNumber.Normal(BigInteger.Abs(integer)) : throw TemplateException.Failed($"bad operand type for abs(): '{PyTypes.Name(self)}'"),
        }),
        new("attr", "name", (state, self, given) => Attribute(state, self, given[0].Text("attribute name"))),
        new("default", "default_value? boolean?", (_, self, given) => Default(self, given)),
        new("d", "default_value? boolean?", (_, self, given) => Default(self, given)),
        new("int", "default? base?", (_, self, given) => Integer(self, given[0].Or(0L), given[1].Count(10))),
        new("float", "default?", (_, self, given) => Float(self, given[0].Or(0.0))),
        new("round", "precision? method?", (_, self, given) => Rounding.Round(self, given[0].Count(0), given[1].Or("common").Text("method"))),
        new("string", "", (state, self, _) => self is Markup ? self : PyRepr.Str(state, self)),
        new("tojson", "ensure_ascii? indent? separators? sort_keys?", ToJson),
        new("pprint", "", (state, self, _) => PyPrettyPrint.Format(state, self)),
        new("safe", "", (state, self, _) => self is Markup ? self : new Markup(PyRepr.Str(state, self))),
        new("escape", "", (state, self, _) => Escape(state, self)),
        new("e", "", (state, self, _) => Escape(state, self)),
        new("forceescape", "", (state, self, _) => new Markup(state.Made(PyText.Escape(PyRepr.Str(state, self))))),
        new("length", "", (_, self, _) => PyIteration.Length(self)),
        new("count", "", (_, self, _) => PyIteration.Length(self)),
        new("random", "", (_, _, _) => throw TemplateException.Failed("a prompt that is random cannot be checked: the filter 'random' is not supported")),
        new("filesizeformat", "binary?", (_, self, given) => FileSize(self, given[0].Flag())),
    ];

    private static object? Default(object? self, object?[] given) =>
        self is Undefined || (given[1].Flag() && !PyTruth.IsTrue(self)) ? given[0].Or("") : self;

    private static object? Attribute(RenderState state, object? self, string name)
    {
        // Only an attribute, never an item.
        object? found = PyAccess.Attribute(state, self, name);
        return self is PyDict dict && dict.TryGet(name, out object? item) && ReferenceEquals(item, found) ? Undefined.Attribute(state, self, name) : found;
    }

    private static object? Integer(object? self, object? otherwise, int radix)
    {
        if (PyText.TryGet(self, out string text))
        {
            if (PyNumber.TryParseInteger(text, radix, out BigInteger parsed)) return PyNumber.Normal(parsed);
            return PyNumber.TryParseFloat(text, out double real) && !double.IsNaN(real) && !double.IsInfinity(real) ? PyNumber.Normal(new BigInteger(Math.Truncate(real))) : otherwise;
        }

        return self switch
        {
            Undefined undefined => throw undefined.Used(),
            double.NaN => otherwise,
            double number when double.IsInfinity(number) => throw TemplateException.Failed("cannot convert float infinity to integer"),
            double number => PyNumber.Normal(new BigInteger(Math.Truncate(number))),
            _ => PyNumber.TryInteger(self, out BigInteger integer) ? PyNumber.Normal(integer) : otherwise,
        };
    }

    private static object? Float(object? self, object? otherwise)
    {
        if (self is Undefined undefined) throw undefined.Used();
        if (PyText.TryGet(self, out string text)) return PyNumber.TryParseFloat(text, out double parsed) ? parsed : otherwise;
        return PyNumber.TryFloat(self, out double number) ? number : otherwise;
    }

    private static Markup Escape(RenderState state, object? self) => self as Markup ?? new Markup(state.Made(PyText.Escape(PyRepr.Str(state, self))));

    private static string ToJson(RenderState state, object? self, object?[] given)
    {
        string? indent = given[1].Or(null) switch
        {
            null => null,
            string text => text,
            var count => Spaces(state, PyNumber.Index(count)),
        };
        (string items, string keys) = (indent is null ? ", " : ",", ": ");
        if (given[2].Or(null) is { } separators)
        {
            if (PyIteration.ToList(state, separators) is not [var first, var second]) throw TemplateException.Failed("separators must be a pair");
            (items, keys) = (first.Text("item separator"), second.Text("key separator"));
        }

        return new PyJson(state, indent, items, keys, given[0].Flag(), given[3].Flag()).Write(self);
    }

    private static string Spaces(RenderState state, long count)
    {
        state.ChargeText(Math.Max(0, count));
        return new string(' ', (int)Math.Max(0, count));
    }

    private static string FileSize(object? self, bool binary)
    {
        double bytes = Float(self, null) as double? ?? throw TemplateException.Failed($"could not convert to float: {PyTypes.Name(self)}");
        if (bytes == 1) return "1 Byte";
        double step = binary ? 1024 : 1000;
        if (bytes < step) return $"{new BigInteger(Math.Truncate(bytes))} Bytes";
        string[] prefixes = binary ? ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"] : ["kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"];
        double unit = step;
        foreach (string prefix in prefixes)
        {
            unit *= step;
            if (bytes < unit || prefix == prefixes[^1]) return $"{ExactDecimal.Fixed(step * bytes / unit, 1)} {prefix}";
        }

        throw new InvalidOperationException("The last prefix takes what is left.");
    }
}
