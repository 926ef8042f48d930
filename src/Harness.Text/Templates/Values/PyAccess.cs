using System.Numerics;

namespace Harness.Text.Templates.Values;

/// <summary>Attributes and items, in the order in which Jinja2 looks for them, behind its sandbox.</summary>
internal static class PyAccess
{
    /// <summary><c>value.name</c>: an attribute, else an item.</summary>
    public static object? Attribute(RenderState state, object? value, string name)
    {
        // Everything in Python has a class, what is undefined too; the sandbox keeps it.
        if (value is Undefined undefined && name != "__class__") throw undefined.Used();
        if (TryAttribute(value, name, out object? found)) return found;
        return TryItem(state, value, name, out found) ? found : Undefined.Attribute(state, value, name);
    }

    /// <summary><c>value[key]</c>: an item, else an attribute.</summary>
    public static object? Item(RenderState state, object? value, object? key)
    {
        if (value is Undefined undefined) throw undefined.Used();
        if (key is PySlice slice) return Slice(state, value, slice);
        if (TryItem(state, value, key, out object? found)) return found;
        return PyText.TryGet(key, out string name) && TryAttribute(value, name, out found) ? found : Undefined.Attribute(state, value, key is Markup ? name : key);
    }

    /// <summary>A value's own attribute, its methods among them.</summary>
    private static bool TryAttribute(object? value, string name, out object? found)
    {
        if (name.StartsWith('_'))
        {
            // Python has such attributes on everything; the sandbox gives none of them out.
            found = Undefined.Unsafe(value, name);
            return name.StartsWith("__", StringComparison.Ordinal) && name.EndsWith("__", StringComparison.Ordinal);
        }

        found = Missing.Value;
        switch (value)
        {
            case PyNamespace space: return space.Attributes.TryGet(name, out found);
            case LoopContext loop: return loop.TryAttribute(name, out found);
            case MacroFunction macro: return macro.TryAttribute(name, out found);
            case TemplateSelf self: return !ReferenceEquals(found = self.Block(name), Missing.Value);
            case PyTuple { Names: { } names } tuple when Array.IndexOf(names, name) is var at and >= 0:
                found = tuple.Items[at];
                return true;
            case Cycler cycler when name == "current":
                found = cycler.Current;
                return true;
        }

        if (Methods.IsMutating(value, name)) found = Undefined.Unsafe(value, name);
        else if (value is not null && Methods.Find(value, name) is { } method) found = method;
        else found = Methods.Property(value, name);
        return !ReferenceEquals(found, Missing.Value);
    }

    private static bool TryItem(RenderState state, object? value, object? key, out object? found)
    {
        found = null;
        if (value is PyDict dict)
        {
            state.Read(key);
            return key is not (PyList or PyDict) && dict.TryGet(key, out found);
        }

        if (!PyNumber.TryInteger(key, out BigInteger wanted) || value is null) return false;
        state.Read(value);
        if (value is PyTuple or PyList or PyRange or string or Markup && PyIteration.TryLength(value, out long length))
        {
            BigInteger index = wanted.Sign < 0 ? wanted + length : wanted;
            if (index.Sign < 0 || index >= length) return false;
            found = At(value, (long)index);
            return true;
        }

        return false;
    }

    private static object? At(object value, long index) => value switch
    {
        PyList list => list.Items[(int)index],
        PyTuple tuple => tuple.Items[index],
        PyRange range => range.At(index),
        Markup markup => new Markup(Character(markup.Text, (int)index)),
        _ => Character((string)value, (int)index),
    };

    private static string Character(string text, int index)
    {
        int unit = PyText.UnitIndex(text, index);
        return text.Substring(unit, PyText.At(text, unit).Utf16SequenceLength);
    }

    private static object Slice(RenderState state, object? value, PySlice slice)
    {
        if (value is PyDict) throw TemplateException.Failed("unhashable type: 'slice'");
        if (value is not (PyTuple or PyList or PyRange or string or Markup)) throw TemplateException.Failed($"'{PyTypes.Name(value)}' object is not subscriptable");
        if (new[] { slice.Start, slice.Stop, slice.Step }.Any(bound => bound is not (null or long or bool or BigInteger)))
            throw TemplateException.Failed("slice indices must be integers or None or have an __index__ method");
        PyIteration.TryLength(value, out long length);
        long step = slice.Step is null ? 1 : PyNumber.Index(slice.Step);
        if (step == 0) throw TemplateException.Failed("slice step cannot be zero");
        step = Math.Clamp(step, -int.MaxValue, int.MaxValue);
        long start = Bound(slice.Start, length, step, step > 0 ? 0 : length - 1);
        long stop = Bound(slice.Stop, length, step, step > 0 ? length : -1);
        var range = new PyRange(start, stop, step);
        if (value is PyRange numbers)
        {
            return new PyRange(numbers.At(start), numbers.At(stop), numbers.Step * step);
        }

        state.ChargeItems(range.Count);
        state.Steps(range.Count / 16);
        if (PyText.TryGet(value, out string text))
        {
            string made = Cut(text, range);
            return value is Markup ? new Markup(made) : made;
        }

        IReadOnlyList<object?> items = value is PyList list ? list.Items : ((PyTuple)value).Items;
        var picked = new object?[range.Count];
        for (int i = 0; i < picked.Length; i++) picked[i] = items[(int)range.At(i)];
        return value is PyList ? new PyList(picked) : new PyTuple(picked);
    }

    private static long Bound(object? bound, long length, long step, long missing)
    {
        if (bound is null) return missing;
        long at = PyNumber.Index(bound);
        if (at < 0) at = at < -length ? -1 : at + length;
        return step > 0 ? Math.Clamp(at, 0, length) : Math.Clamp(at, -1, length - 1);
    }

    private static string Cut(string text, PyRange range)
    {
        int[]? offsets = PyText.Offsets(text);
        if (range.Step == 1)
            return range.Count == 0 ? "" : offsets is null ? text.Substring((int)range.Start, (int)range.Count) : text[offsets[range.Start]..offsets[range.Start + range.Count]];
        var made = new System.Text.StringBuilder();
        for (long i = 0; i < range.Count; i++)
        {
            int at = (int)range.At(i);
            if (offsets is null) made.Append(text[at]);
            else made.Append(text, offsets[at], offsets[at + 1] - offsets[at]);
        }

        return made.ToString();
    }
}
