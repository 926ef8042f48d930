using System.Collections;
using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Harness.Cli.Help;

/// <summary>
/// Writes a command's help. The library's own breaks lines of a description that are broken already, and lists
/// commands with the whole of their help.
/// </summary>
internal sealed class CommandHelp : SynchronousCommandLineAction
{
    private const int Narrowest = 40;
    private const int Widest = 100;
    private const int UsualWidth = 80;

    /// <summary>Left columns wider than this push their text to the next line.</summary>
    private const int WidestTerm = 24;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        int width = Console.IsOutputRedirected ? UsualWidth : Math.Clamp(Console.WindowWidth - 1, Narrowest, Widest);
        Write(parseResult.CommandResult.Command, Console.Out, width);
        return ExitStatus.Done;
    }

    /// <summary>Writes the help of a command.</summary>
    /// <param name="command">The command; the root gets an introduction.</param>
    /// <param name="output">Where to.</param>
    /// <param name="width">Columns.</param>
    public static void Write(Command command, TextWriter output, int width)
    {
        bool root = command is RootCommand;
        foreach (string line in Paragraphs.Fill(root ? ProgramText.About : command.Description ?? "", width)) output.WriteLine(line);
        if (root)
        {
            output.WriteLine("Begin with:");
            Columns(ProgramText.FirstSteps, output, width);
            output.WriteLine();
        }

        output.WriteLine("Usage:");
        output.WriteLine($"  {Usage(command)}");
        Section("Arguments", command.Arguments.Where(a => !a.Hidden).Select(a => (a.Name, a.Description ?? "")), output, width);
        Section("Commands", command.Subcommands.Where(c => !c.Hidden).OrderBy(c => c.Name, StringComparer.Ordinal)
            .Select(c => (c.Name, Paragraphs.FirstSentence(c.Description ?? ""))), output, width);
        Section("Options", command.Options.Where(o => !o.Hidden).Select(o => (Term(o), Explain(o))).Concat(root ? [] : [("--help", "Shows this.")]), output, width);
        if (!root) return;
        output.WriteLine();
        output.WriteLine("'harness COMMAND --help' tells the rest. Every command takes --json.");
    }

    private static string Usage(Command command)
    {
        List<string> names = [command.Name];
        for (Command? above = command.Parents.OfType<Command>().FirstOrDefault(); above is not null; above = above.Parents.OfType<Command>().FirstOrDefault())
            names.Add(above.Name);
        // Whatever the executable is called.
        names[^1] = "harness";
        names.Reverse();
        names.AddRange(command.Arguments.Where(a => !a.Hidden).Select(a => a.Arity.MinimumNumberOfValues == 0 ? $"[{a.Name}]" : a.Name));
        if (command.Subcommands.Count > 0) names.Add("COMMAND");
        names.AddRange(command.Options.Where(o => o.Required).Select(Term));
        names.Add("[options]");
        return string.Join(' ', names);
    }

    private static string Term(Option option) => option is HelpOption ? "--help" : option.HelpName is { } value ? $"{option.Name} {value}" : option.Name;

    private static string Explain(Option option)
    {
        string description = option is HelpOption ? "Shows this." : option is VersionOption ? "Shows the version." : option.Description ?? "";
        if (option.Required) return description + " Required.";
        // Flags are off by default, lists empty: only a value is worth telling.
        return !option.HasDefaultValue ? description : option.GetDefaultValue() switch
        {
            null or bool => description,
            string text => $"{description} By default '{text}'.",
            IEnumerable => description,
            var value => $"{description} By default {value}.",
        };
    }

    private static void Section(string title, IEnumerable<(string Term, string Text)> rows, TextWriter output, int width)
    {
        (string, string)[] all = [.. rows];
        if (all.Length == 0) return;
        output.WriteLine();
        output.WriteLine($"{title}:");
        Columns(all, output, width);
    }

    private static void Columns(IReadOnlyList<(string Term, string Text)> rows, TextWriter output, int width)
    {
        int term = Math.Min(WidestTerm, rows.Max(row => row.Term.Length));
        foreach ((string name, string text) in rows)
        {
            string[] lines = [.. Paragraphs.Wrap(text, Math.Max(Narrowest / 2, width - term - 4)).DefaultIfEmpty("")];
            bool fits = name.Length <= term;
            output.WriteLine(fits ? $"  {name.PadRight(term)}  {lines[0]}".TrimEnd() : $"  {name}");
            foreach (string line in lines.Skip(fits ? 1 : 0)) output.WriteLine($"  {new string(' ', term)}  {line}");
        }
    }
}

/// <summary>Writes the program's version.</summary>
internal sealed class VersionText : SynchronousCommandLineAction
{
    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        Console.Out.WriteLine(ProgramText.Version);
        return ExitStatus.Done;
    }
}
