using System.Text.RegularExpressions;

namespace Harness.Text.Templates.Builtins;

/// <summary>Python's <c>textwrap</c>, as the filter <c>wordwrap</c> calls it: line by line, tabs and spaces kept.</summary>
internal static partial class WordWrap
{
    /// <summary>Wraps each line of a text.</summary>
    public static string Wrap(RenderState state, string text, int width, bool breakLong, string separator, bool onHyphens)
    {
        if (width <= 0 && text.Length > 0) throw TemplateException.Failed($"invalid width {width} (must be > 0)");
        List<string> lines = [.. PyText.Lines(state, text, keepEnds: false).Select(line => string.Join(separator, One(state, line, width, breakLong, onHyphens)))];
        return state.Made(string.Join(separator, lines));
    }

    private static List<string> One(RenderState state, string line, int width, bool breakLong, bool onHyphens)
    {
        state.Steps(line.Length);
        var chunks = new Stack<string>(Chunks(line, onHyphens).Reverse());
        var lines = new List<string>();
        while (chunks.Count > 0)
        {
            state.Step();
            var current = new List<string>();
            int length = 0;
            if (lines.Count > 0 && IsBlank(chunks.Peek())) chunks.Pop();
            while (chunks.TryPeek(out string? next) && length + PyText.Length(next) <= width)
            {
                current.Add(chunks.Pop());
                length += PyText.Length(next);
            }

            if (chunks.TryPeek(out string? over) && PyText.Length(over) > width) TakeLong(state, chunks, current, width, length, breakLong, onHyphens);
            if (current.Count > 0 && IsBlank(current[^1])) current.RemoveAt(current.Count - 1);
            if (current.Count > 0) lines.Add(string.Concat(current));
        }

        return lines;
    }

    private static void TakeLong(RenderState state, Stack<string> chunks, List<string> current, int width, int length, bool breakLong, bool onHyphens)
    {
        int space = width < 1 ? 1 : width - length;
        if (breakLong)
        {
            string chunk = chunks.Pop();
            state.ChargeText(chunk.Length);
            int end = space;
            if (onHyphens && PyText.Length(chunk) > space)
            {
                int unit = PyText.UnitIndex(chunk, space);
                int hyphen = unit > 0 ? chunk.LastIndexOf('-', unit - 1) : -1;
                if (hyphen > 0 && chunk[..hyphen].Any(c => c != '-')) end = PyText.CharacterIndex(chunk, hyphen + 1);
            }

            int cut = PyText.UnitIndex(chunk, end);
            current.Add(chunk[..cut]);
            chunks.Push(chunk[cut..]);
        }
        else if (current.Count == 0)
        {
            current.Add(chunks.Pop());
        }
    }

    private static bool IsBlank(string chunk) => PyText.IsAllSpace(chunk);

    private static IEnumerable<string> Chunks(string line, bool onHyphens) =>
        (onHyphens ? Hyphenated() : Spaced()).Split(line).Where(chunk => chunk.Length > 0);

    // The two patterns of Python's textwrap, its white space being ASCII's.
    [GeneratedRegex(@"([\t\n\v\f\r ]+|(?<=[\w!""'&.,?])-{2,}(?=\w)|[^\t\n\v\f\r ]+?(?:-(?:(?<=[^\d\W]{2}-)|(?<=[^\d\W]-[^\d\W]-))(?=[^\d\W]-?[^\d\W])|(?=[\t\n\v\f\r ]|\z)|(?<=[\w!""'&.,?])(?=-{2,}\w)))", RegexOptions.CultureInvariant)]
    private static partial Regex Hyphenated();

    [GeneratedRegex(@"([\t\n\v\f\r ]+)")]
    private static partial Regex Spaced();
}
