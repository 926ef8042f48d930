using System.CommandLine;
using Harness.Cli.Help;
using NUnit.Framework;

namespace Harness.Cli.Tests;

/// <summary>Help fits a terminal of 80 columns and names everything there is.</summary>
public sealed class HelpSpecs
{
    private const int Columns = 80;

    private static IEnumerable<TestCaseData> Commands() => All(HarnessCommand.Create(), "harness")
        .Select(command => new TestCaseData(command.Command).SetArgDisplayNames(command.Name));

    [TestCaseSource(nameof(Commands))]
    public void Every_command_says_what_it_does_how_it_is_written_and_what_it_takes(Command command)
    {
        string[] lines = Help(command);
        Assert.That(lines[0], Does.Match("^(harness finds|[A-Z])"));
        Assert.That(lines, Has.Some.StartsWith("  harness"));
        string text = string.Join('\n', lines);
        foreach (Option option in command.Options.Where(o => !o.Hidden)) Assert.That(text, Does.Contain(option.Name));
        foreach (Argument argument in command.Arguments) Assert.That(text, Does.Contain(argument.Name));
        foreach (Command sub in command.Subcommands.Where(c => !c.Hidden)) Assert.That(lines, Has.Some.StartsWith("  " + sub.Name));
        // Examples stand as they are: they are to be copied.
        Assert.That(lines.Where(l => !l.StartsWith("  harness", StringComparison.Ordinal) && !l.StartsWith("  echo", StringComparison.Ordinal)),
            Has.All.Length.LessThanOrEqualTo(Columns));
        if (command.Subcommands.Count == 0) Assert.That(text, Does.Contain("Examples:").And.Contain("--json"));
    }

    [TestCase("")]
    [TestCase("--help")]
    [TestCase("-h")]
    [TestCase("help")]
    public void The_name_alone_says_where_to_begin(string line)
    {
        using BuiltHarness harness = new();
        Outcome outcome = harness.Run(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.That(outcome.Status, Is.Zero);
        Assert.That(outcome.Error, Is.Empty);
        Assert.That(outcome.Output, Does.Contain("harness doctor").And.Contain("harness run").And.Contain("tokenize"));
        Assert.That(outcome.Output, Does.Not.Contain("worker"), "not for people");
    }

    [Test]
    public void The_version_is_one_line()
    {
        using BuiltHarness harness = new();
        Assert.That(harness.Run("--version").Output.TrimEnd(), Does.Match(@"^\d+\.\d+\.\d+\S*$"));
    }

    private static string[] Help(Command command)
    {
        using StringWriter output = new();
        CommandHelp.Write(command, output, Columns);
        return output.ToString().TrimEnd().ReplaceLineEndings("\n").Split('\n');
    }

    private static IEnumerable<(string Name, Command Command)> All(Command command, string name) =>
        command.Subcommands.Where(c => !c.Hidden).SelectMany(sub => All(sub, $"{name} {sub.Name}")).Prepend((name, command));
}
