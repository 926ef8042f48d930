namespace Harness.Matrix.Yaml;

/// <summary>A node of a YAML document that knows where it stands.</summary>
internal abstract class YamlNode(SourceMark mark)
{
    public SourceMark Mark { get; } = mark;

    /// <summary>Nodes below and including this one when every alias is followed; saturates.</summary>
    public long ExpandedSize { get; set; } = 1;

    /// <summary>The kind in words, for messages.</summary>
    public abstract string Kind { get; }
}

/// <summary>A scalar. Quoted or block text is never taken for a number, a flag or null.</summary>
internal sealed class ScalarNode(SourceMark mark, string value, bool plain) : YamlNode(mark)
{
    public string Value { get; } = value;

    public bool Plain { get; } = plain;

    public bool IsNull => Plain && Value is "" or "~" or "null" or "Null" or "NULL";

    public override string Kind => IsNull ? "nothing" : "text";
}

/// <summary>A sequence.</summary>
internal sealed class ListNode(SourceMark mark) : YamlNode(mark)
{
    public List<YamlNode> Items { get; } = [];

    public override string Kind => "a list";
}

/// <summary>A mapping with scalar keys, in the order of the file.</summary>
internal sealed class MapNode(SourceMark mark) : YamlNode(mark)
{
    private readonly Dictionary<string, KeyValuePair<ScalarNode, YamlNode>> _byName = new(StringComparer.Ordinal);

    public List<KeyValuePair<ScalarNode, YamlNode>> Entries { get; } = [];

    /// <summary>Adds a field unless its name is there already; then that one's key is returned.</summary>
    public ScalarNode? Add(ScalarNode key, YamlNode value)
    {
        KeyValuePair<ScalarNode, YamlNode> entry = new(key, value);
        if (!_byName.TryAdd(key.Value, entry)) return _byName[key.Value].Key;
        Entries.Add(entry);
        return null;
    }

    public YamlNode? Find(string name) => _byName.TryGetValue(name, out KeyValuePair<ScalarNode, YamlNode> entry) ? entry.Value : null;

    public override string Kind => "a map";
}
