using System.CommandLine;
using System.CommandLine.Parsing;
using Harness.Matrix;

namespace Harness.Cli;

/// <summary>Says what is wrong with the words of a command line, in the form of every other error.</summary>
internal static class CommandLineErrors
{
    /// <summary>How the library begins its message of a missing argument, in which it does not name the argument.</summary>
    private const string LibraryMissing = "Required argument missing for command";

    /// <summary>Says the mistakes.</summary>
    /// <returns>The exit status of a wrong command line.</returns>
    public static int Report(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        string name = FullName(parsed.CommandResult);
        string[] words = [.. command.Subcommands.Where(sub => !sub.Hidden).Select(sub => sub.Name), .. command.Options.Where(option => !option.Hidden).Select(option => option.Name)];
        string? meant = parsed.UnmatchedTokens.Select(token => NearestWord.Find(token, words)).FirstOrDefault(word => word is not null);
        string there = parsed.UnmatchedTokens.Count == 0 && command.Subcommands.Count == 0 ? "" : "there are " + string.Join(", ", words) + "; ";
        string what = string.Join("; ", Missing(parsed, command).Concat(parsed.Errors.Select(mistake => mistake.Message.TrimEnd('.'))
            .Where(message => !message.StartsWith(LibraryMissing, StringComparison.Ordinal)).Distinct()));
        string help = $"see '{name} --help'";
        return CommandErrors.Say(ExitStatus.Usage, what, name, meant is null ? there + help : $"did you mean '{meant}'? {help}");
    }

    private static IEnumerable<string> Missing(ParseResult parsed, Command command) => command.Arguments
        .Where(argument => argument.Arity.MinimumNumberOfValues > (parsed.GetResult(argument)?.Tokens.Count ?? 0))
        .Select(argument => $"{argument.Name} is missing");

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
