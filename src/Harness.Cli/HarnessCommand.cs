using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Harness.Cli.Commands;
using Harness.Cli.Commands.Models;
using Harness.Cli.Help;

namespace Harness.Cli;

/// <summary>The root of the command line; each command is a file under <c>Commands/</c> with a static <c>Create</c>.</summary>
internal static class HarnessCommand
{
    /// <summary>Builds the root command with all commands.</summary>
    public static RootCommand Create()
    {
        RootCommand root = new(ProgramText.About)
        {
            BackendsCommand.Create(),
            BenchCommand.Create(),
            CompareCommand.Create(),
            ConvertCommand.Create(),
            DoctorCommand.Create(),
            ExplainCommand.Create(),
            FitCommand.Create(),
            ForgeCommand.Create(),
            HardwareCommand.Create(),
            InspectCommand.Create(),
            LogitsCommand.Create(),
            ModelsCommand.Create(),
            PlanCommand.Create(),
            QuantizeCommand.Create(),
            ReportCommand.Create(),
            RunCommand.Create(),
            TemplateCommand.Create(),
            TokenizeCommand.Create(),
        };
        foreach (Option option in root.Options)
        {
            if (option is HelpOption help) help.Action = new CommandHelp();
            else if (option is VersionOption version) version.Action = new VersionText();
        }

        return root;
    }

    /// <summary>Runs a command line.</summary>
    /// <param name="args">Its words.</param>
    /// <returns>The exit status; <see cref="ExitStatus.Usage"/> when the words make no command.</returns>
    public static int Run(string[] args)
    {
        // Who types the name alone, or asks for help in words, wants to know what there is.
        if (args is []) args = ["--help"];
        else if (args is ["help", .. var command]) args = [.. command, "--help"];
        ParseResult parsed = Create().Parse(args);

        // Its own way of reporting ends with status 1, which here means that something expected to work did not.
        return parsed.Action is ParseErrorAction
            ? CommandLineErrors.Report(parsed)
            : parsed.InvokeAsync().GetAwaiter().GetResult();
    }
}
