using System.CommandLine;
using Harness.Cli.Commands;

namespace Harness.Cli;

/// <summary>The root of the command line; each command is a file under <c>Commands/</c> with a static <c>Create</c>.</summary>
internal static class HarnessCommand
{
    /// <summary>Builds the root command with all commands.</summary>
    public static RootCommand Create() => new("Finds out, by trying, which local LLMs work on which engine.")
    {
        BackendsCommand.Create(),
        ForgeCommand.Create(),
        HardwareCommand.Create(),
        ModelsCommand.Create(),
        PlanCommand.Create(),
        TokenizeCommand.Create(),
    };
}
