namespace Harness.Text.Templates.Builtins;

/// <summary>Filters over lists and dicts. Those that Jinja2 has as generators take items only as they are asked for.</summary>
internal static class SequenceFilters
{
    public static IEnumerable<Builtin> All =>
    [
        new("list", "", (state, self, _) => new PyList(PyIteration.ToList(state, self))),
        new("first", "", (state, self, _) => PyIteration.Each(state, self).FirstOrDefault(new Undefined("No first item, sequence was empty."))),
        new("last", "", (_, self, _) => (PyIteration.Reversed(self) ?? throw TemplateException.Failed($"'{PyTypes.Name(self)}' object is not reversible"))
            .FirstOrDefault(new Undefined("No last item, sequence was empty."))),
        new("join", "d? attribute?", Join),
        new("reverse", "", Reverse),
        new("sort", "reverse? case_sensitive? attribute?", (state, self, given) => new PyList(Sorted(
            state, PyIteration.ToList(state, self), Keys.Several(state, given[2].Or(null), given[1].Flag()), given[0].Flag()))),
        new("unique", "case_sensitive? attribute?", (state, self, given) => Generator(Unique(state, self, Keys.One(state, given[1].Or(null), given[0].Flag())))),
        new("min", "case_sensitive? attribute?", (state, self, given) => Extreme(state, self, given, least: true)),
        new("max", "case_sensitive? attribute?", (state, self, given) => Extreme(state, self, given, least: false)),
        new("sum", "attribute? start?", Sum),
        new("map", (state, self, given) => Generator(Selection.Map(state, self, given))),
        new("select", (state, self, given) => Generator(Selection.Select(state, self, given, keep: true, byAttribute: false))),
        new("reject", (state, self, given) => Generator(Selection.Select(state, self, given, keep: false, byAttribute: false))),
        new("selectattr", (state, self, given) => Generator(Selection.Select(state, self, given, keep: true, byAttribute: true))),
        new("rejectattr", (state, self, given) => Generator(Selection.Select(state, self, given, keep: false, byAttribute: true))),
        new("batch", "linecount fill_with?", (state, self, given) => Generator(Batch(state, self, given[0].Count(0), given[1].Or(null)))),
        new("slice", "slices fill_with?", (state, self, given) => Generator(Slice(state, self, given[0].Count(0), given[1].Or(null)))),
        new("groupby", "attribute default? case_sensitive?", GroupBy),
        new("dictsort", "case_sensitive? by? reverse?", DictSort),
        new("items", "", (_, self, _) => Generator(Items(self))),
    ];

    private static PyIterator Generator(IEnumerable<object?> items) => PyIterator.Of("generator", items);

    private static string Join(RenderState state, object? self, object?[] given)
    {
        string separator = PyRepr.Str(state, given[0].Or(""));
        Func<object?, object?> key = Keys.One(state, given[1].Or(null), caseSensitive: true);
        var made = new System.Text.StringBuilder();
        bool first = true;
        foreach (object? item in PyIteration.Each(state, self))
        {
            string text = PyRepr.Str(state, key(item));
            state.ChargeText(separator.Length + text.Length);
            if (!first) made.Append(separator);
            made.Append(text);
            first = false;
        }

        return made.ToString();
    }

    private static object Reverse(RenderState state, object? self, object?[] given)
    {
        if (PyText.TryGet(self, out string text))
        {
            string made = state.Concat([.. PyText.Characters(text).Reverse().Cast<string>()]);
            return self is Markup ? new Markup(made) : made;
        }

        if (PyIteration.Reversed(self) is { } reversed) return PyIterator.Of($"{PyTypes.Name(self)}_reverseiterator", reversed);
        if (!PyIteration.CanIterate(self)) throw TemplateException.Failed("argument must be iterable");
        return new PyList([.. PyIteration.ToList(state, self).Reverse()]);
    }

    /// <summary>Sorts by keys; what is equal keeps its order, also in reverse.</summary>
    private static object?[] Sorted(RenderState state, IReadOnlyList<object?> items, Func<object?, object?> key, bool reverse)
    {
        state.ChargeItems(items.Count * 3L);
        (object? Key, object? Item)[] keyed = [.. items.Select(item => (key(item), item))];
        MergeSort.Sort(keyed, (a, b) => reverse ? PyCompare.Less(state, b.Key, a.Key) : PyCompare.Less(state, a.Key, b.Key));
        return [.. keyed.Select(one => one.Item)];
    }

    private static IEnumerable<object?> Unique(RenderState state, object? self, Func<object?, object?> key)
    {
        var seen = new HashSet<object>(PyDict.KeyComparer.Instance);
        foreach (object? item in PyIteration.Each(state, self))
        {
            state.ChargeItems(2);
            if (seen.Add(PyDict.Hashable(key(item)))) yield return item;
        }
    }

    private static object? Extreme(RenderState state, object? self, object?[] given, bool least)
    {
        Func<object?, object?> key = Keys.One(state, given[1].Or(null), given[0].Flag());
        object? best = Missing.Value, bestKey = null;
        foreach (object? item in PyIteration.Each(state, self))
        {
            object? one = key(item);
            if (best.IsGiven() && !(least ? PyCompare.Less(state, one, bestKey) : PyCompare.Holds(state, ">", one, bestKey))) continue;
            best = item;
            bestKey = one;
        }

        return best.Or(new Undefined("No aggregated item, sequence was empty."));
    }

    private static object? Sum(RenderState state, object? self, object?[] given)
    {
        Func<object?, object?> key = Keys.One(state, given[0].Or(null), caseSensitive: true);
        object? sum = given[1].Or(0L);
        if (sum is string or Markup) throw TemplateException.Failed("sum() can't sum strings [use ''.join(seq) instead]");
        foreach (object? item in PyIteration.Each(state, self)) sum = PyArithmetic.Apply(state, "+", sum, key(item));
        return sum;
    }

    private static IEnumerable<object?> Batch(RenderState state, object? self, int count, object? fill)
    {
        var batch = new List<object?>();
        foreach (object? item in PyIteration.Each(state, self))
        {
            if (batch.Count == count)
            {
                yield return new PyList(batch);
                batch = [];
            }

            state.ChargeItems(1);
            batch.Add(item);
        }

        if (batch.Count == 0) yield break;
        if (fill is not null && batch.Count < count)
        {
            state.ChargeItems(count);
            batch.AddRange(Enumerable.Repeat(fill, count - batch.Count));
        }

        yield return new PyList(batch);
    }

    private static IEnumerable<object?> Slice(RenderState state, object? self, int slices, object? fill)
    {
        IReadOnlyList<object?> items = PyIteration.ToList(state, self);
        if (slices == 0) throw TemplateException.Failed("integer division or modulo by zero");
        if (slices < 0) yield break;
        int each = items.Count / slices, extra = items.Count % slices;
        int from = 0;
        for (int i = 0; i < slices; i++)
        {
            state.Step();
            int count = each + (i < extra ? 1 : 0);
            state.ChargeItems(count + 1);
            List<object?> slice = [.. items.Skip(from).Take(count)];
            from += count;
            if (fill is not null && i >= extra) slice.Add(fill);
            yield return new PyList(slice);
        }
    }

    private static PyList GroupBy(RenderState state, object? self, object?[] given)
    {
        object? attribute = given[0], otherwise = given[1].Or(null);
        bool caseSensitive = given[2].Flag();
        Func<object?, object?> key = Keys.One(state, attribute, caseSensitive, otherwise);
        Func<object?, object?> shown = Keys.One(state, attribute, caseSensitive: true, otherwise);
        var groups = new List<object?>();
        List<object?>? group = null;
        object? current = null;
        foreach (object? item in Sorted(state, PyIteration.ToList(state, self), key, reverse: false))
        {
            object? one = key(item);
            if (group is null || !PyCompare.AreEqual(state, one, current))
            {
                group = [];
                current = one;
                groups.Add(new PyTuple([shown(item), new PyList(group)], ["grouper", "list"]));
            }

            state.ChargeItems(1);
            group.Add(item);
        }

        return new PyList(groups);
    }

    private static PyList DictSort(RenderState state, object? self, object?[] given)
    {
        if (self is not PyDict dict) throw self is Undefined undefined ? undefined.Used() : TemplateException.Failed($"'{PyTypes.Name(self)}' object has no attribute 'items'");
        string by = given[1].Or("key").Text("by");
        if (by is not ("key" or "value")) throw TemplateException.Failed("You can only sort by either \"key\" or \"value\"");
        Func<object?, object?> fold = Keys.One(state, null, given[0].Flag());
        return new PyList(Sorted(
            state, [.. new PyDictView("dict_items", dict).Items], item => fold(((PyTuple)item!).Items[by == "key" ? 0 : 1]), given[2].Flag()));
    }

    private static IEnumerable<object?> Items(object? self)
    {
        if (self is Undefined) yield break;
        if (self is not PyDict dict) throw TemplateException.Failed("Can only get item pairs from a mapping.");
        foreach (object? item in new PyDictView("dict_items", dict).Items) yield return item;
    }
}
