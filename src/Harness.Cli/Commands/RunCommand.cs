using System.CommandLine;
using Harness.Cli.OneModel;
using Harness.Cli.Planning;
using Harness.Cli.Running;

namespace Harness.Cli.Commands;

/// <summary><c>harness run</c>: tries cells and prints what came of them.</summary>
internal static class RunCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Create()
    {
        SelectionOptions selection = new();
        var llamaCpp = new Option<string?>("--llama-cpp") { Description = "llama.cpp libraries of your own; run as llama.cpp@own.", HelpName = "DIR" };
        var threads = new Option<int?>("--threads") { Description = "Compute threads; by default one a core, and one for models below 64 MB.", HelpName = "N" };
        var output = new Option<string?>("--out") { Description = "Where receipts and the report go; by default a new folder of reports/runs.", HelpName = "DIR" };
        var resume = new Option<bool>("--resume") { Description = "Goes on with the newest run (or the one in --out): settled cells are left alone." };
        var json = new Option<bool>("--json") { Description = "Prints one JSON object and nothing else." };
        var command = new Command(
            "run",
            """
            Tries models on backends, with a receipt for every cell.

            Without options it runs the default profile: a small trained model and random-weight probes, on the built-in
            engine and on two llama.cpp builds, which it installs through npm into the harness's own cache.

            Examples:
              harness run
              harness run --offline
              harness run --model qwen2.5-0.5b
              harness run --model ./my-model.gguf
              harness run --model hf:Qwen/Qwen2.5-0.5B-Instruct-GGUF --quant Q8_0
              harness run --model nano --quant Q4_K_M --backend builtin
              harness run --profile nightly --shard 1/4 --out nightly-1
              harness run --llama-cpp ~/llama.cpp/build/bin --model probe-llama

            Exit status: 0 nothing that was expected to work failed; 1 something did; 2 the command line, the matrix or
            the catalogue is wrong; 3 the harness itself failed.
            """);
        selection.AddTo(command);
        foreach (Option option in new Option[] { llamaCpp, threads, output, resume, json }) command.Options.Add(option);
        command.SetAction((parsed, cancellation) => CommandErrors.GuardAsync(() => RunSession.RunAsync(
            new RunRequest
            {
                Selection = selection.Choose(parsed),
                Matrix = selection.Matrix(parsed),
                LlamaCpp = parsed.GetValue(llamaCpp),
                Threads = EngineOptions.Checked(parsed.GetValue(threads)),
                Out = parsed.GetValue(output),
                Resume = parsed.GetValue(resume),
                Offline = selection.Offline(parsed),
                Json = parsed.GetValue(json),
            },
            cancellation)));
        return command;
    }
}
