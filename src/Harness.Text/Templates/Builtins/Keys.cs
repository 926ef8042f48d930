using System.Globalization;
using System.Numerics;

namespace Harness.Text.Templates.Builtins;

/// <summary>What filters sort, group and pick by: an attribute's path as <c>function.name</c>, case folded or not.</summary>
internal static class Keys
{
    /// <summary>One attribute.</summary>
    /// <param name="state">The rendering.</param>
    /// <param name="attribute">Its path, an index, or null for the item itself.</param>
    /// <param name="caseSensitive">Whether texts stay as they are.</param>
    /// <param name="otherwise">What stands for an attribute nothing defines; or null.</param>
    public static Func<object?, object?> One(RenderState state, object? attribute, bool caseSensitive, object? otherwise = null)
    {
        object?[] path = Path(attribute);
        return item => Fold(Walk(state, item, path, otherwise), caseSensitive);
    }

    /// <summary>Several attributes, parted by commas, as a list to sort by.</summary>
    public static Func<object?, object?> Several(RenderState state, object? attribute, bool caseSensitive)
    {
        object?[][] paths = PyText.TryGet(attribute, out string text) ? [.. text.Split(',').Select(Path)] : [Path(attribute)];
        return item => new PyList([.. paths.Select(path => Fold(Walk(state, item, path, null), caseSensitive))]);
    }

    private static object? Walk(RenderState state, object? item, object?[] path, object? otherwise)
    {
        foreach (object? part in path)
        {
            state.Step();
            item = PyAccess.Item(state, item, part);
            if (otherwise is not null && item is Undefined) item = otherwise;
        }

        return item;
    }

    private static object? Fold(object? value, bool caseSensitive) => !caseSensitive && PyText.TryGet(value, out string text) ? PyCasing.Lower(text) : value;

    private static object?[] Path(object? attribute) => attribute switch
    {
        null => [],
        string text => [.. text.Split('.').Select(Part)],
        _ => [attribute],
    };

    private static object? Part(string part) => part.Length > 0 && part.All(char.IsDigit)
        ? PyNumber.Normal(BigInteger.Parse(part, CultureInfo.InvariantCulture))
        : part;
}

/// <summary>The filters that apply another filter or test to each item.</summary>
internal static class Selection
{
    /// <summary><c>map</c>: a filter by name, or an attribute.</summary>
    public static IEnumerable<object?> Map(RenderState state, object? self, Arguments given)
    {
        if (!PyTruth.IsTrue(self)) yield break;
        Func<object?, object?> map;
        if (given.Positional.Length == 0 && given.Named.Any(one => one.Key == "attribute"))
        {
            if (given.Named.Select(one => one.Key).FirstOrDefault(key => key is not ("attribute" or "default")) is { } unexpected)
                throw TemplateException.Failed($"Unexpected keyword argument '{unexpected}'");
            object? otherwise = given.Named.FirstOrDefault(one => one.Key == "default").Value;
            map = Keys.One(state, given.Named.First(one => one.Key == "attribute").Value, caseSensitive: true, otherwise);
        }
        else if (given.Positional.Length == 0)
        {
            throw TemplateException.Failed("map requires a filter argument");
        }
        else
        {
            Builtin filter = Filters.Find(Name(given.Positional[0])) ?? throw Unknown(state, "filter", given.Positional[0]);
            Arguments rest = given.Skip(1);
            map = item => filter.Call(state, item, rest);
        }

        foreach (object? item in PyIteration.Each(state, self)) yield return map(item);
    }

    /// <summary><c>select</c>, <c>reject</c> and the two that look at an attribute.</summary>
    public static IEnumerable<object?> Select(RenderState state, object? self, Arguments given, bool keep, bool byAttribute)
    {
        if (!PyTruth.IsTrue(self)) yield break;
        if (byAttribute && given.Positional.Length == 0) throw TemplateException.Failed("Missing parameter for attribute name");
        Func<object?, object?> pick = Keys.One(state, byAttribute ? given.Positional[0] : null, caseSensitive: true);
        int skipped = byAttribute ? 1 : 0;
        Builtin? test = null;
        Arguments rest = Arguments.None;
        if (given.Positional.Length > skipped)
        {
            test = Tests.Find(Name(given.Positional[skipped])) ?? throw Unknown(state, "test", given.Positional[skipped]);
            rest = given.Skip(skipped + 1);
        }

        foreach (object? item in PyIteration.Each(state, self))
        {
            object? value = pick(item);
            if (PyTruth.IsTrue(test is null ? value : test.Call(state, value, rest)) == keep) yield return item;
        }
    }

    private static string Name(object? value) => PyText.TryGet(value, out string name) ? name : "";

    private static TemplateException Unknown(RenderState state, string kind, object? name) =>
        TemplateException.Failed($"No {kind} named {PyRepr.Of(state, name)}.");
}
