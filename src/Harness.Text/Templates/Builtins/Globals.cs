using System.Collections.Frozen;

namespace Harness.Text.Templates.Builtins;

/// <summary>The functions every template has: Jinja2's own, and the two that chat templates are given.</summary>
internal static class Globals
{
    /// <summary>As many numbers as Jinja2's sandbox gives out.</summary>
    private const long LongestRange = 100_000;

    /// <summary>Of <c>%c</c>, the whole date and time.</summary>
    private const long LongestTimePerCharacter = 12;

    /// <summary>By name.</summary>
    public static FrozenDictionary<string, Callable> All { get; } = new Callable[]
    {
        new Builtin("safe_range", "start stop? step?", (_, _, given) => Range(given)),
        new Builtin("dict", (state, _, given) => Dict(state, given)),
        new Builtin("namespace", (state, _, given) =>
        {
            var made = new PyNamespace();
            foreach ((object? key, object? value) in Dict(state, given).Entries) made.Attributes.Set(key, value);
            return made;
        }),
        new Builtin("cycler", (_, _, given) => given.Positional.Length > 0 ? new Cycler(given.Positional) : throw TemplateException.Failed("at least one item has to be provided")),
        new Builtin("joiner", "sep?", (_, _, given) => new Joiner(given[0].Or(", "))),
        new Builtin("lipsum", (_, _, _) => throw TemplateException.Failed("lipsum is random text, which no prompt is made of")),
        new Builtin("raise_exception", "message", (state, _, given) => throw new TemplateException(TemplateFailure.Refused, PyRepr.Str(state, given[0]), state.Line)),
        new Builtin("strftime_now", "format", (state, _, given) => Time(state, given[0].Text("strftime() argument 1"))),
    }.ToFrozenDictionary(function => function.Name == "safe_range" ? "range" : function.Name, StringComparer.Ordinal);

    private static string Time(RenderState state, string format)
    {
        state.ChargeText(format.Length * LongestTimePerCharacter);
        return Strftime.Format(format, state.Now);
    }

    private static PyRange Range(object?[] given)
    {
        long start = given[1].IsGiven() ? PyNumber.Index(given[0]) : 0;
        long stop = PyNumber.Index(given[1].IsGiven() ? given[1] : given[0]);
        long step = given[2].IsGiven() ? PyNumber.Index(given[2]) : 1;
        if (step == 0) throw TemplateException.Failed("range() arg 3 must not be zero");
        var made = new PyRange(start, stop, step);
        // In wider numbers, since the bounds may be as far apart as numbers go.
        return (Int128.Abs((Int128)stop - start) / Int128.Abs(step)) <= LongestRange && made.Count <= LongestRange || (step > 0) == (stop <= start)
            ? made
            : throw TemplateException.Failed($"Range too big. The sandbox blocks ranges larger than MAX_RANGE ({LongestRange}).");
    }

    private static PyDict Dict(RenderState state, Arguments given)
    {
        var made = new PyDict();
        if (given.Positional.Length > 1) throw TemplateException.Failed($"dict expected at most 1 argument, got {given.Positional.Length}");
        if (given.Positional is [PyDict from])
        {
            foreach ((object? key, object? value) in from.Entries) made.Set(key, value);
        }
        else if (given.Positional is [var pairs])
        {
            foreach (object? pair in PyIteration.Each(state, pairs))
            {
                if (PyIteration.ToList(state, pair) is not [var key, var value])
                    throw TemplateException.Failed("dictionary update sequence element has length other than 2");
                made.Set(key, value);
            }
        }

        foreach ((string key, object? value) in given.Named) made.Set(key, value);
        state.ChargeItems(made.Count * 3L);
        return made;
    }

    /// <summary>What <c>joiner()</c> gives: nothing at first, then the separator.</summary>
    private sealed class Joiner(object? separator) : Callable
    {
        private bool _used;

        public override string Name => "joiner";

        public override object? Call(RenderState state, Arguments given)
        {
            bool used = _used;
            _used = true;
            return used ? separator : "";
        }
    }
}
