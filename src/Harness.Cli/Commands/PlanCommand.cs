using System.CommandLine;
using Harness.Cli.Planning;

namespace Harness.Cli.Commands;

/// <summary><c>harness plan</c>: each cell a run would try, and for what it would not try, why.</summary>
internal static class PlanCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Create()
    {
        SelectionOptions selection = new();
        Option<bool> cells = new("--cells") { Description = "Prints a row for each cell, even of a large plan; by default a large one has a row a model." };
        Option<bool> json = new("--json") { Description = "Prints one JSON object and nothing else." };
        Command command = new(
            "plan",
            """
            Shows what 'harness run' would try, and why not the rest.

            Starts nothing. A model outside the profile is planned at its default quantizations on the profile's backends. A quantization
            named outright that a model does not have is shown as blocked; a pattern takes only what there is.

            Examples:
              harness plan
              harness plan --model qwen2.5-0.5b --quant 'Q4*,Q8_0'
              harness plan --profile nightly --backend builtin --shard 1/4
              harness plan --model '*'
              harness plan --backend llama.cpp@b8390 --offline --json

            Exit status: 0 planned, even when every cell is blocked; 2 the command line, matrix or catalogue is wrong.
            """);
        selection.AddTo(command);
        command.Options.Add(cells);
        command.Options.Add(json);
        command.SetAction((parsed, cancellation) => CommandErrors.GuardAsync(async () =>
        {
            ChosenPlan chosen = await selection.PlanAsync(parsed, cancellation).ConfigureAwait(false);
            if (parsed.GetValue(json))
            {
                Stream output = Console.OpenStandardOutput();
                await using (output.ConfigureAwait(false)) PlanJson.Write(chosen, output);
            }
            else
            {
                PlanTable.Write(chosen, parsed.GetValue(cells));
            }

            return ExitStatus.Done;
        }));
        return command;
    }
}
