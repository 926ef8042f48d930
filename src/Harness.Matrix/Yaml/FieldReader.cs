using System.Globalization;

namespace Harness.Matrix.Yaml;

/// <summary>
/// Reads the fields of one map and reports what is wrong with each. Every field asked for is thereby allowed;
/// <see cref="Finish"/> reports the rest.
/// </summary>
internal sealed class FieldReader
{
    private readonly MapNode _map;
    private readonly string _path;
    private readonly List<string> _asked = [];

    private FieldReader(MapNode map, string path, DiagnosticBag bag)
    {
        _map = map;
        _path = path;
        Bag = bag;
    }

    public DiagnosticBag Bag { get; }

    public SourceMark Mark => _map.Mark;

    /// <summary>Opens a node as a map; null (and a mistake) when it is something else.</summary>
    public static FieldReader? Open(YamlNode? node, string path, DiagnosticBag bag)
    {
        if (node is null) return null;
        if (node is MapNode map) return new(map, path, bag);
        bag.Add(node.Mark, path.Length == 0 ? null : path, $"a map of fields is wanted here, not {node.Kind}", "write 'field: value' lines");
        return null;
    }

    /// <summary>The path of a field of this map, for messages.</summary>
    public string PathOf(string name) => _path.Length == 0 ? name : _path + "." + name;

    /// <summary>Reports a mistake at a field, or at the map when the field is absent.</summary>
    public void Report(string name, string message, string? remedy = null) =>
        Bag.Add(Find(name)?.Mark ?? Mark, PathOf(name), message, remedy);

    public bool Has(string name) => Node(name) is not null;

    /// <summary>The field's node; null when absent or null.</summary>
    public YamlNode? Node(string name)
    {
        if (!_asked.Contains(name)) _asked.Add(name);
        return Find(name) is { } node and not ScalarNode { IsNull: true } ? node : null;
    }

    public YamlNode? RequiredNode(string name, string example)
    {
        YamlNode? node = Node(name);
        if (node is null) Bag.Add(Mark, PathOf(name), $"the required field '{name}' is missing", $"add it, as in '{name}: {example}'");
        return node;
    }

    public string? Text(string name)
    {
        YamlNode? node = Node(name);
        return node is null ? null : TextOf(node, PathOf(name));
    }

    public string RequiredText(string name, string example)
    {
        YamlNode? node = RequiredNode(name, example);
        return (node is null ? null : TextOf(node, PathOf(name))) ?? "";
    }

    public int Integer(string name, int least, int most, int fallback)
    {
        YamlNode? node = Node(name);
        return node is null ? fallback : IntegerOf(node, PathOf(name), least, most) ?? fallback;
    }

    public int RequiredInteger(string name, int least, int most, string example)
    {
        YamlNode? node = RequiredNode(name, example);
        return (node is null ? null : IntegerOf(node, PathOf(name), least, most)) ?? least;
    }

    public double Number(string name, double above, double most, double fallback)
    {
        YamlNode? node = Node(name);
        if (node is null) return fallback;
        if (node is not ScalarNode { Plain: true } scalar
            || !double.TryParse(scalar.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out double value))
        {
            Bag.Add(node.Mark, PathOf(name), $"a number is wanted here, not {Seen(node)}", "write it as 10000 or 1e-5, without quotes");
            return fallback;
        }

        if (value > above && value <= most) return value;
        Bag.Add(node.Mark, PathOf(name), $"{scalar.Value} is out of range", string.Create(CultureInfo.InvariantCulture, $"allowed is more than {above} and at most {most}"));
        return fallback;
    }

    public bool Flag(string name)
    {
        YamlNode? node = Node(name);
        if (node is null) return false;
        if (node is ScalarNode { Plain: true, Value: "true" }) return true;
        if (node is not ScalarNode { Plain: true, Value: "false" })
            Bag.Add(node.Mark, PathOf(name), $"true or false is wanted here, not {Seen(node)}", "write true or false, in small letters and without quotes");
        return false;
    }

    /// <summary>A word of a fixed set; null (and a mistake) when it is none of them.</summary>
    public string? Choice(string name, IReadOnlyList<string> allowed, string? fallback)
    {
        YamlNode? node = fallback is null ? RequiredNode(name, allowed[0]) : Node(name);
        if (node is null) return fallback;
        if (TextOf(node, PathOf(name)) is not { } word) return null;
        if (allowed.Contains(word)) return word;
        Bag.AddUnknown(node.Mark, PathOf(name), name, word, allowed);
        return null;
    }

    /// <summary>A map under this one; null when absent or no map.</summary>
    public FieldReader? Map(string name) => Open(Node(name), PathOf(name), Bag);

    /// <summary>The entries of a map whose keys are free words.</summary>
    public IEnumerable<KeyValuePair<ScalarNode, YamlNode>> Entries(string name)
    {
        YamlNode? node = Node(name);
        if (node is MapNode map) return map.Entries;
        if (node is not null)
            Bag.Add(node.Mark, PathOf(name), $"a map is wanted here, not {node.Kind}", "write 'name: value' lines");
        return [];
    }

    /// <summary>The items of a list, each opened as a map.</summary>
    public IEnumerable<FieldReader> Maps(string name, bool required = false)
    {
        List<FieldReader> found = [];
        foreach ((YamlNode item, int index) in Items(name, required).Select((item, index) => (item, index)))
        {
            if (Open(item, string.Create(CultureInfo.InvariantCulture, $"{PathOf(name)}[{index}]"), Bag) is { } opened) found.Add(opened);
        }

        return found;
    }

    /// <summary>The items of a list; a mistake when it is no list.</summary>
    public IReadOnlyList<YamlNode> Items(string name, bool required = false)
    {
        YamlNode? node = required ? RequiredNode(name, "[…]") : Node(name);
        if (node is ListNode list) return list.Items;
        if (node is not null)
            Bag.Add(node.Mark, PathOf(name), $"a list is wanted here, not {node.Kind}", "write '- item' lines, or [a, b]");
        return [];
    }

    /// <summary>A list of words with their places. A single word counts as a list of one.</summary>
    public IReadOnlyList<(string Word, SourceMark Mark)> Words(string name, bool required = false, string example = "[…]")
    {
        YamlNode? node = required ? RequiredNode(name, example) : Node(name);
        IReadOnlyList<YamlNode> items = node switch
        {
            null => [],
            ListNode list => list.Items,
            _ => [node],
        };
        List<(string, SourceMark)> words = [];
        foreach (YamlNode item in items)
        {
            if (TextOf(item, PathOf(name)) is { } word) words.Add((word, item.Mark));
        }

        if (node is ListNode { Items.Count: 0 })
            Bag.Add(node.Mark, PathOf(name), "the list is empty", "name at least one, or remove the field");
        return words;
    }

    /// <summary>A list of globs, or null when the field is absent.</summary>
    public IReadOnlyList<Glob>? Globs(string name, bool required = false, string example = "[…]")
    {
        IReadOnlyList<(string Word, SourceMark Mark)> words = Words(name, required, example);
        if (!Has(name)) return null;
        List<Glob> globs = [];
        foreach ((string word, SourceMark mark) in words)
        {
            if (Glob.TryParse(word, mark, out Glob? glob, out string? fault)) globs.Add(glob);
            else Bag.Add(mark, PathOf(name), $"{Wording.Quote(word)} is no pattern: {fault}", "a pattern is a name, in which * stands for any text, ? for one character and [abc] for one of several");
        }

        return globs;
    }

    /// <summary>A duration, as <c>90s</c>, <c>5m</c>, <c>250ms</c> or <c>1h</c>.</summary>
    public TimeSpan? Duration(string name)
    {
        if (Node(name) is not { } node) return null;
        if (TextOf(node, PathOf(name)) is not { } text) return null;
        if (Quantity.TryDuration(text, out TimeSpan value)) return value;
        Bag.Add(node.Mark, PathOf(name), $"{Wording.Quote(text)} is no duration", "write a number and its unit, more than nothing and at most 7 days: 250ms, 90s, 5m, 2h");
        return null;
    }

    /// <summary>A size, as <c>512MiB</c> or <c>8GiB</c>.</summary>
    public long? Size(string name)
    {
        if (Node(name) is not { } node) return null;
        if (TextOf(node, PathOf(name)) is not { } text) return null;
        if (Quantity.TrySize(text, out long value)) return value;
        Bag.Add(node.Mark, PathOf(name), $"{Wording.Quote(text)} is no size", "write a number and its unit: 512MiB, 8GiB, 1TiB");
        return null;
    }

    /// <summary>A count, as <c>7616000000</c>, <c>7.6B</c> or <c>494M</c>; null when absent or wrong.</summary>
    public long? Count(string name)
    {
        if (Node(name) is not { } node) return null;
        if (TextOf(node, PathOf(name)) is not { } text) return null;
        if (Quantity.TryCount(text, out long value)) return value;
        Bag.Add(node.Mark, PathOf(name), $"{Wording.Quote(text)} is no count", "write digits only, or a number and its unit: 494M, 7.6B, 1.04T");
        return null;
    }

    /// <summary>Reports every field nobody asked for.</summary>
    public void Finish()
    {
        foreach ((ScalarNode key, _) in _map.Entries)
        {
            if (!_asked.Contains(key.Value)) Bag.AddUnknown(key.Mark, PathOf(key.Value), "field", key.Value, _asked);
        }
    }

    private YamlNode? Find(string name) => _map.Find(name);

    private string? TextOf(YamlNode node, string path)
    {
        if (node is ScalarNode { IsNull: false } scalar && (scalar.Value.Trim().Length > 0 || !scalar.Plain))
        {
            if (scalar.Value.Length > 0) return scalar.Value;
            Bag.Add(node.Mark, path, "the text is empty", "write something, or remove the field");
            return null;
        }

        Bag.Add(node.Mark, path, $"text is wanted here, not {node.Kind}", node is ListNode ? "write one word, without brackets or dashes" : "write one word or a quoted text");
        return null;
    }

    private int? IntegerOf(YamlNode node, string path, int least, int most)
    {
        if (node is not ScalarNode { Plain: true } scalar
            || !long.TryParse(scalar.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value))
        {
            Bag.Add(node.Mark, path, $"a whole number is wanted here, not {Seen(node)}", "write digits only, without quotes");
            return null;
        }

        if (value >= least && value <= most) return (int)value;
        Bag.Add(node.Mark, path, $"{scalar.Value} is out of range", string.Create(CultureInfo.InvariantCulture, $"allowed is {least} to {most}"));
        return null;
    }

    private static string Seen(YamlNode node) => node is ScalarNode { IsNull: false } scalar
        ? (scalar.Plain ? "" : "the text ") + Wording.Quote(scalar.Value)
        : node.Kind;
}
