using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Harness.Matrix.Yaml;

/// <summary>
/// Turns the parser's events into nodes with marks. Composed by hand rather than by YamlDotNet's own representation
/// model, because duplicate keys, alias loops, alias bombs and depth are to be reported, all of them, with places.
/// </summary>
internal sealed class YamlComposer
{
    private const int Deepest = 32;

    /// <summary>Nodes after following every alias: a few lines of aliases to aliases make billions.</summary>
    private const long MostNodes = 1_000_000;

    private readonly string _file;
    private readonly DiagnosticBag _bag;
    private readonly IParser _parser;
    private readonly Dictionary<string, YamlNode?> _anchors = new(StringComparer.Ordinal);

    private YamlComposer(string file, DiagnosticBag bag, IParser parser)
    {
        _file = file;
        _bag = bag;
        _parser = parser;
    }

    /// <summary>Composes the one document of a text; null when it has none or is not YAML (which is then reported).</summary>
    public static YamlNode? Compose(string text, string file, DiagnosticBag bag)
    {
        YamlComposer composer = new(file, bag, new Parser(new StringReader(text)));
        try
        {
            return composer.Document();
        }
        catch (YamlException e)
        {
            ReportSyntax(text, file, bag, e);
            return null;
        }
        catch (AbandonedException)
        {
            return null;
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or FormatException or IndexOutOfRangeException or OverflowException)
        {
            // The parser's own slips on what is not YAML: its messages are about itself, so only the place is of use.
            Mark end = composer._parser.Current?.End ?? YamlDotNet.Core.Mark.Empty;
            bag.Add(composer.Mark(end), null, "this is not YAML any more from about here", "check the quotes, colons, brackets and indentation here and on the line before");
            return null;
        }
    }

    private static void ReportSyntax(string text, string file, DiagnosticBag bag, YamlException e)
    {
        string[] lines = text.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            int indent = lines[i].Length - lines[i].TrimStart(' ', '\t').Length;
            int tab = lines[i].AsSpan(0, indent).IndexOf('\t');
            if (tab < 0 || indent == lines[i].TrimEnd('\r').Length) continue;
            bag.Add(new SourceMark(file, i + 1, tab + 1), null, "a tab in the indentation", "YAML is indented with spaces only: replace the tab by two spaces");
            return;
        }

        SourceMark mark = new(file, (int)Math.Max(1, e.Start.Line), (int)Math.Max(1, e.Start.Column));
        string message = e.Message;
        // Some messages of the parser begin with their own place, as (Line: 1, Col: 2, Idx: 3) - …
        int dash = message.StartsWith("(Line:", StringComparison.Ordinal) ? message.IndexOf(": ", message.IndexOf(')', StringComparison.Ordinal) + 1, StringComparison.Ordinal) : -1;
        if (dash > 0) message = message[(dash + 2)..];
        bag.Add(mark, null, "this is not YAML: " + message.TrimEnd('.', ' '), "check the quotes, colons, brackets and indentation here and on the line before");
    }

    private YamlNode? Document()
    {
        Expect<StreamStart>();
        if (_parser.Accept<StreamEnd>(out _))
        {
            _bag.Add(new SourceMark(_file), null, "the file is empty", "write at least its required fields, or delete it");
            return null;
        }

        Expect<DocumentStart>();
        YamlNode root = Node(0);
        Expect<DocumentEnd>();
        if (_parser.Accept<DocumentStart>(out DocumentStart? second))
        {
            _bag.Add(Mark(second.Start), null, "a second document begins here", "keep one document a file: remove the '---', or move what follows to a file of its own");
            return null;
        }

        if (root is ScalarNode { IsNull: true })
        {
            _bag.Add(new SourceMark(_file), null, "the file is empty", "write at least its required fields, or delete it");
            return null;
        }

        return root;
    }

    private YamlNode Node(int depth)
    {
        ParsingEvent next = _parser.Current is null && !_parser.MoveNext()
            ? throw new AbandonedException()
            : _parser.Current!;
        if (depth > Deepest)
        {
            _bag.Add(Mark(next.Start), null, $"nested more than {Deepest} deep", "nothing the harness reads is nested so deep: flatten it");
            throw new AbandonedException();
        }

        switch (next)
        {
            case AnchorAlias alias:
                _parser.MoveNext();
                return Follow(alias);
            case Scalar scalar:
                _parser.MoveNext();
                return Keep(scalar, new ScalarNode(Mark(scalar.Start), scalar.Value, scalar.Style == ScalarStyle.Plain && scalar.Tag.IsEmpty));
            case SequenceStart start:
                {
                    ListNode list = new(Mark(start.Start));
                    Open(start);
                    _parser.MoveNext();
                    while (!_parser.Accept<SequenceEnd>(out _)) Grow(list, AddItem(list, depth));
                    _parser.MoveNext();
                    return Keep(start, list);
                }

            case MappingStart start:
                {
                    MapNode map = new(Mark(start.Start));
                    Open(start);
                    _parser.MoveNext();
                    while (!_parser.Accept<MappingEnd>(out _)) Entry(map, depth);
                    _parser.MoveNext();
                    return Keep(start, map);
                }

            default:
                _bag.Add(Mark(next.Start), null, "this is not YAML", "check the quotes, colons and indentation");
                throw new AbandonedException();
        }
    }

    private YamlNode AddItem(ListNode list, int depth)
    {
        YamlNode item = Node(depth + 1);
        list.Items.Add(item);
        return item;
    }

    private void Entry(MapNode map, int depth)
    {
        YamlNode key = Node(depth + 1);
        YamlNode value = Node(depth + 1);
        Grow(map, value);
        if (key is not ScalarNode name)
        {
            _bag.Add(key.Mark, null, $"{key.Kind} cannot be the name of a field", "write a word");
            return;
        }

        if (map.Add(name, value) is { } first)
            _bag.Add(name.Mark, null, $"the field {Wording.Quote(name.Value)} is written twice", $"it is first written on line {first.Mark.Line}: keep one of the two");
    }

    private void Grow(YamlNode parent, YamlNode child)
    {
        parent.ExpandedSize += child.ExpandedSize;
        if (parent.ExpandedSize <= MostNodes) return;
        _bag.Add(parent.Mark, null, $"the aliases here expand to more than {MostNodes:N0} values", "write the values out, or use fewer aliases");
        throw new AbandonedException();
    }

    /// <summary>Notes an anchor whose node is still being read: an alias to it meanwhile is a loop.</summary>
    private void Open(NodeEvent start)
    {
        if (!start.Anchor.IsEmpty) _anchors[start.Anchor.Value] = null;
    }

    private YamlNode Keep(NodeEvent start, YamlNode node)
    {
        if (!start.Anchor.IsEmpty) _anchors[start.Anchor.Value] = node;
        return node;
    }

    private YamlNode Follow(AnchorAlias alias)
    {
        string name = alias.Value.Value;
        if (_anchors.TryGetValue(name, out YamlNode? node) && node is not null) return node;
        if (_anchors.ContainsKey(name))
            _bag.Add(Mark(alias.Start), null, $"the alias *{name} stands inside what &{name} names: a loop", "write the value out");
        else
            _bag.Add(Mark(alias.Start), null, $"the alias *{name} has no anchor &{name} before it", _anchors.Count == 0 ? "write the value out" : Wording.NearestOf(name, _anchors.Keys));
        throw new AbandonedException();
    }

    private void Expect<T>()
        where T : ParsingEvent
    {
        if (_parser.TryConsume<T>(out _)) return;
        _bag.Add(_parser.Current is { } here ? Mark(here.Start) : new SourceMark(_file), null, "this is not YAML", "check the quotes, colons and indentation");
        throw new AbandonedException();
    }

    private SourceMark Mark(Mark mark) => new(_file, (int)mark.Line, (int)mark.Column);

    /// <summary>The mistake is in the bag and reading on makes no sense.</summary>
    private sealed class AbandonedException : Exception;
}
