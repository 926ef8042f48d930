using NUnit.Framework;

namespace Harness.Cli.Tests;

/// <summary>Tables of a terminal.</summary>
public sealed class TextTableSpecs
{
    [Test]
    public void Columns_are_as_wide_as_their_widest_text()
    {
        Assert.That(Lines(int.MaxValue, "qwen", "1.5 GiB"), Is.EqualTo(new[] { "File     Size", "qwen  1.5 GiB" }));
    }

    [Test]
    public void A_narrow_terminal_cuts_in_the_middle_where_that_is_allowed()
    {
        string[] lines = Lines(30, "a-very-long-name-of-a-model-Q4_K_M.gguf", "1.5 GiB");
        Assert.That(lines, Has.All.Length.LessThanOrEqualTo(30));
        Assert.That(lines[1], Does.StartWith("a-very").And.Contain("…").And.Contain("Q4_K_M.gguf").And.EndWith("1.5 GiB"));
    }

    [Test]
    public void A_cut_splits_no_letter()
    {
        // Thirty letters of two code points each.
        string[] lines = Lines(25, string.Concat(Enumerable.Repeat("e\u0301", 30)), "1 B");
        Assert.That(lines[1].Replace("e\u0301", "", StringComparison.Ordinal).Trim(), Is.EqualTo("…    1 B").Or.EqualTo("…  1 B").Or.EqualTo("…   1 B"));
    }

    [Test]
    public void What_may_not_shrink_stays_whole_though_the_line_is_too_long()
    {
        Assert.That(Lines(5, "short", "123456789 GiB")[1], Is.EqualTo("short  123456789 GiB"));
    }

    private static string[] Lines(int width, params string[] row)
    {
        TextTable table = new(new("File", Shrinks: true), new("Size", Right: true));
        table.Add(row);
        using StringWriter text = new();
        table.Write(text, width);
        return text.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
    }
}
