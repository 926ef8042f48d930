using System.CommandLine;
using Harness.Cli.OneModel;
using Harness.Hub;
using Harness.Matrix;
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
        var tensors = new Option<bool>("--tensors") { Description = "Lists every tensor: name, type, shape, place." };
        var metadata = new Option<bool>("--metadata") { Description = "Lists every key of the metadata with its value." };
        var json = new Option<bool>("--json") { Description = "Prints one JSON object and nothing else." };
        var command = new Command(
            "inspect",
            """
            Shows what a model is, from its header alone.

            Architecture and its features, parameters, tensor types, tokenizer, chat template and what it can do, the memory it takes, what
            each backend would make of it, and what is wrong with the file. No weight is read. The built-in engine is asked itself; what
            llama.cpp builds know was found by running probes on them: what no probe tried is 'untested'.

            GGUF files, sharded ones too, safetensors files, and model directories of the transformers library.

            Examples:
              harness inspect model.gguf
              harness inspect hf:Qwen/Qwen2.5-0.5B-Instruct-GGUF/qwen2.5-0.5b-instruct-q4_k_m.gguf
              harness inspect hf:Qwen/Qwen2.5-0.5B-Instruct
              harness inspect ./model-directory --tensors
              harness inspect nano:Q4_K_M --json --metadata

            Exit status: 0 shown; 1 the file is no model, or something is wrong with it; 2 the command line is wrong.
            """);
        model.AddTo(command);
        command.Options.Add(tensors);
        command.Options.Add(metadata);
        command.Options.Add(json);
        command.SetAction((parsed, cancellation) => CommandErrors.GuardAsync(async () =>
        {
            using var hub = new HubClient(HubOptions.FromEnvironment());
            var locator = new ModelLocator(hub, CatalogueFiles.Catalogue, HarnessHome.Locate(), Environment.ProcessorCount);
            var reader = new HeaderReader(hub, CatalogueFiles.Catalogue, locator);
            ModelHeaders read = await reader.ReadAsync(model.Text(parsed), model.Quant(parsed), cancellation).ConfigureAwait(false);
            InspectedModel inspected = ModelInspector.Inspect(model.Text(parsed), read, Knowledge());
            HeaderListing listing = new(read, parsed.GetValue(tensors), parsed.GetValue(metadata));
            if (parsed.GetValue(json)) InspectOutput.PrintJson(inspected, listing);
            else InspectOutput.Print(inspected, listing);
            return inspected.Problems.Any(p => p.Breaks) ? ExitStatus.Unexpected : ExitStatus.Done;
        }));
        return command;
    }

    /// <summary>What builds know; nothing where there is no catalogue at all.</summary>
    private static IReadOnlyList<BackendKnowledge> Knowledge()
    {
        try
        {
            return CatalogueFiles.Catalogue().Knowledge;
        }
        catch (MatrixException e) when (e.Diagnostics is [{ File: null }])
        {
            return [];
        }
    }
}
