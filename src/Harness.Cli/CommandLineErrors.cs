using System.CommandLine;
using System.CommandLine.Parsing;
using Harness.Matrix;

namespace Harness.Cli;

/// <summary>Says what is wrong with the words of a command line, in the form of every other error.</summary>
internal static class CommandLineErrors
{
    /// <summary>Says the mistakes.</summary>
    /// <returns>The exit status of a wrong command line.</returns>
    public static int Report(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        string name = FullName(parsed.CommandResult);
        string[] words = [.. command.Subcommands.Where(sub => !sub.Hidden).Select(sub => sub.Name), .. command.Options.Where(option => !option.Hidden).Select(option => option.Name)];
        string? meant = parsed.UnmatchedTokens.Select(token => NearestWord.Find(token, words)).FirstOrDefault(word => word is not null);
        string there = parsed.UnmatchedTokens.Count == 0 && command.Subcommands.Count == 0 ? "" : "there are " + string.Join(", ", words) + "; ";
        string what = string.Join("; ", parsed.Errors.Select(mistake => mistake.Message.TrimEnd('.')).Distinct());
        string help = $"see '{name} --help'";
        return CommandErrors.Say(ExitStatus.Usage, what, name, meant is null ? there + help : $"did you mean '{meant}'? {help}");
    }

    /// <summary>The command as it is typed, whatever the executable is called.</summary>
    private static string FullName(CommandResult result)
    {
        List<string> names = [];
        for (SymbolResult? current = result; current is CommandResult command; current = command.Parent)
            names.Add(command.Parent is null ? "harness" : command.Command.Name);
        names.Reverse();
        return string.Join(' ', names);
    }
}
