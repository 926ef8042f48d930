using System.Text;

namespace Harness.Cli.Help;

/// <summary>Lays text out in a column.</summary>
internal static class Paragraphs
{
    /// <summary>
    /// Fills the paragraphs of a text, which blank lines part. A line that begins with a space stands as it is: it is an
    /// example to be copied.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="width">Columns, at least 20.</param>
    public static IEnumerable<string> Fill(string text, int width)
    {
        var words = new StringBuilder();
        foreach (string line in text.ReplaceLineEndings("\n").Split('\n').Append(""))
        {
            if (line.Length > 0 && line[0] != ' ')
            {
                words.Append(words.Length > 0 ? " " : "").Append(line);
                continue;
            }

            foreach (string filled in Wrap(words.ToString(), width)) yield return filled;
            words.Clear();
            yield return line;
        }
    }

    /// <summary>Breaks one paragraph at spaces; a word longer than the column stands alone.</summary>
    public static IEnumerable<string> Wrap(string paragraph, int width)
    {
        var line = new StringBuilder();
        foreach (string word in paragraph.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                yield return line.ToString();
                line.Clear();
            }

            line.Append(line.Length > 0 ? " " : "").Append(word);
        }

        if (line.Length > 0) yield return line.ToString();
    }

    /// <summary>A text's first sentence: what stands in a list.</summary>
    public static string FirstSentence(string text)
    {
        string first = string.Join(' ', text.ReplaceLineEndings("\n").Split("\n\n")[0].Split('\n'));
        int end = first.IndexOf(". ", StringComparison.Ordinal);
        return end < 0 ? first : first[..(end + 1)];
    }
}
