using System.CommandLine;
using Harness.Cli.OneModel;
using Harness.Hub;
using Harness.Runner;
using Harness.Runner.Inspection;
using Harness.Workers.Backends;

namespace Harness.Cli.Commands;

/// <summary><c>harness inspect</c>: what a model's header says.</summary>
internal static class InspectCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Create()
    {
        var model = new ModelArgument("Of a file on the hub only the header is fetched.");
        var json = new Option<bool>("--json") { Description = "Prints one JSON object and nothing else." };
        var command = new Command(
            "inspect",
            """
            Shows what a model is, from its header alone.

            Architecture and its features, parameters, tensor types, tokenizer, chat template, the memory it takes, whether
            the built-in engine runs it, and what is wrong with the file. No weight is read.

            Examples:
              harness inspect model.gguf
              harness inspect hf:Qwen/Qwen2.5-0.5B-Instruct-GGUF/qwen2.5-0.5b-instruct-q4_k_m.gguf
              harness inspect nano:Q4_K_M --json

            Exit status: 0 shown; 1 the file is no model, or something is wrong with it; 2 the command line is wrong.
            """);
        model.AddTo(command);
        command.Options.Add(json);
        command.SetAction((parsed, cancellation) => CommandErrors.GuardAsync(async () =>
        {
            using var hub = new HubClient(HubOptions.FromEnvironment());
            var locator = new ModelLocator(hub, CatalogueFiles.Catalogue, HarnessHome.Locate(), Environment.ProcessorCount);
            var reader = new HeaderReader(hub, CatalogueFiles.Catalogue, locator);
            (IReadOnlyList<string> files, IReadOnlyList<Harness.Formats.Gguf.GgufHeader> headers) =
                await reader.ReadAsync(model.Text(parsed), model.Quant(parsed), cancellation).ConfigureAwait(false);
            InspectedModel inspected = ModelInspector.Inspect(model.Text(parsed), files, headers);
            if (parsed.GetValue(json)) InspectOutput.PrintJson(inspected);
            else InspectOutput.Print(inspected);
            return inspected.Problems.Any(p => p.Kind is "tensors" or "vocabulary") ? ExitStatus.Unexpected : ExitStatus.Done;
        }));
        return command;
    }
}
