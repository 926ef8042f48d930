using System.Globalization;

namespace Harness.Cli;

/// <summary>
/// Rows in columns, for a terminal and for a pipe alike: on a terminal the columns that may shrink give up width until a
/// row fits on a line; in a pipe nothing is cut.
/// </summary>
internal sealed class TextTable(params ReadOnlySpan<TextColumn> columns)
{
    private const int Gap = 2;

    /// <summary>A column that may shrink keeps at least this.</summary>
    private const int Least = 12;

    private readonly TextColumn[] _columns = columns.ToArray();
    private readonly List<string[]> _rows = [];

    /// <summary>Adds a row: a text for each column.</summary>
    public void Add(params ReadOnlySpan<string> row) => _rows.Add(row.ToArray());

    /// <summary>Writes the table to standard output, in the width there is.</summary>
    public void Write() => Write(Console.Out, Console.IsOutputRedirected ? int.MaxValue : Math.Max(40, Console.WindowWidth - 1));

    /// <summary>Writes the table.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="width">Columns of the terminal.</param>
    public void Write(TextWriter output, int width)
    {
        int[] widths = [.. _columns.Select((column, i) => Math.Max(Width(column.Heading), _rows.Select(row => Width(row[i])).DefaultIfEmpty().Max()))];
        Shrink(widths, width);
        foreach (string[] row in _rows.Prepend([.. _columns.Select(column => column.Heading)]))
        {
            string[] cells = [.. row.Select((text, i) =>
            {
                string fit = Fit(text, widths[i]);
                string space = new(' ', Math.Max(0, widths[i] - Width(fit)));
                return _columns[i].Right ? space + fit : fit + space;
            })];
            output.WriteLine(string.Join(new string(' ', Gap), cells).TrimEnd());
        }
    }

    private void Shrink(int[] widths, int width)
    {
        for (int over = widths.Sum() + (Gap * (widths.Length - 1)) - width; over > 0; over--)
        {
            int widest = -1;
            for (int i = 0; i < widths.Length; i++)
            {
                if (_columns[i].Shrinks && widths[i] > Least && (widest < 0 || widths[i] > widths[widest])) widest = i;
            }

            if (widest < 0) return;
            widths[widest]--;
        }
    }

    /// <summary>Cuts in the middle: file names differ at their ends.</summary>
    private static string Fit(string text, int width)
    {
        if (Width(text) <= width) return text;
        int[] starts = StringInfo.ParseCombiningCharacters(text);
        int head = (width - 1) / 3, tail = width - 1 - head;
        return head + tail >= starts.Length ? text : string.Concat(text.AsSpan(0, starts[head]), "…", text.AsSpan(starts[^tail]));
    }

    private static int Width(string text) => new StringInfo(text).LengthInTextElements;
}

/// <summary>A column of a <see cref="TextTable"/>.</summary>
/// <param name="Heading">Its heading.</param>
/// <param name="Right">Whether it is set to the right, as numbers are.</param>
/// <param name="Shrinks">Whether its texts may be cut where a terminal is too narrow.</param>
internal sealed record TextColumn(string Heading, bool Right = false, bool Shrinks = false);
