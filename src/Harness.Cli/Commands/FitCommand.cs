using System.CommandLine;
using System.Globalization;
using Harness.Cli.Fitting;
using Harness.Cli.OneModel;
using Harness.Runner.Fit;
using Harness.Runner.Hardware;

namespace Harness.Cli.Commands;

/// <summary><c>harness fit</c>: whether a model fits, before it is fetched.</summary>
internal static class FitCommand
{
    private const int LongestContext = 1 << 24;
    private const int LargestBatch = 1 << 16;

    /// <summary>Builds the command.</summary>
    public static Command Create()
    {
        var model = new Argument<string?>("MODEL")
        {
            Description = "A GGUF file, hf:owner/repo[/file][@revision], or a name of the catalogue, as qwen2.5-7b:Q4_K_M. Without one: what of the catalogue fits.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<string?> quant = new("--quant") { Description = "The quantization of a name of the catalogue or of a hub repository.", HelpName = "Q" };
        Option<int?> context = new("--context", "-c") { Description = "Positions; by default 4096, or what the model has where that is less.", HelpName = "N" };
        Option<string?> memory = new("--memory") { Description = "A machine's memory, as 16GB or 16GiB; by default what can be used here now.", HelpName = "SIZE" };
        Option<string?> gpu = new("--gpu-memory") { Description = "A GPU's memory: layers that fit there go there.", HelpName = "SIZE" };
        var kv = new CacheOption();
        Option<int> batch = new("--batch") { Description = "Tokens that llama.cpp evaluates at once.", HelpName = "N", DefaultValueFactory = _ => 512 };
        Option<string?> measure = new("--measure") { Description = "Measures peak memory of files in the shape of real models instead, and writes receipts and a page there.", HelpName = "DIR" };
        Option<string?> output = new("--out") { Description = "Without MODEL: a folder to write the page to, one for each size of machine.", HelpName = "DIR" };
        Option<bool> json = new("--json") { Description = "Prints one JSON object and nothing else." };
        var command = new Command(
            "fit",
            """
            Says whether a model fits, from its header or its published shape, before anything is fetched.

            Weights, keys and values, compute buffers and the process, for each engine and device; the largest context and
            the largest quantization that fit. Of a machine with --memory, 2 GB or a tenth is left to the system. Without
            MODEL, says which models of the catalogue fit, which do not, and why.

            Sizes are decimal or binary as they are written: 16GB is 16,000,000,000 bytes, 16GiB is 17,179,869,184.

            Examples:
              harness fit model.gguf
              harness fit qwen2.5-7b:Q4_K_M --memory 16GB --context 32768
              harness fit hf:owner/repo --quant Q4_K_M --memory 32GB --gpu-memory 8GB
              harness fit --memory 16GB
              harness fit --out reports/fit

            Exit status: 0 it fits, or the page is printed; 1 it does not fit; 2 the command line is wrong.
            """)
        {
            model, quant, context, memory, gpu, kv, batch, measure, output, json,
        };
        command.SetAction((parsed, cancellation) => CommandErrors.GuardAsync(async () =>
        {
            if (parsed.GetValue(measure) is { } folder)
                return await FitMeasuring.RunAsync(folder, parsed.GetValue(model), parsed.GetValue(json), cancellation).ConfigureAwait(false);
            var request = new FitRequest
            {
                Memory = Size("--memory", parsed.GetValue(memory)) is { } total ? MachineMemory.Usable(total) : AvailableHere(),
                GpuMemory = Size("--gpu-memory", parsed.GetValue(gpu)) is { } onGpu ? MachineMemory.UsableOnGpu(onGpu) : 0,
                ContextLength = Count("--context", parsed.GetValue(context), LongestContext),
                Batch = Count("--batch", parsed.GetValue(batch), LargestBatch)!.Value,
                Cache = kv.Of(parsed),
            };
            if (parsed.GetValue(model) is not { } name)
                return MachinePages.Run(Size("--memory", parsed.GetValue(memory)), parsed.GetValue(output), request, parsed.GetValue(json));
            FittedModel fitted = await FittedModel.FindAsync(name, parsed.GetValue(quant), request, cancellation).ConfigureAwait(false);
            if (parsed.GetValue(json)) FitOutput.PrintJson(fitted);
            else FitOutput.Print(fitted, parsed.GetValue(memory), parsed.GetValue(gpu));
            return fitted.Fit.Own.Fits ? ExitStatus.Done : ExitStatus.Unexpected;
        }));
        return command;
    }

    private static long AvailableHere()
    {
        MachineHardware hardware = HardwareProbe.Look();
        long here = hardware.Memory.AvailableBytes ?? MachineMemory.Usable(hardware.Memory.TotalBytes);
        return hardware.Limits?.MemoryBytes is { } limit ? Math.Min(limit, here) : here;
    }

    private static long? Size(string option, string? text)
    {
        if (text is null) return null;
        return MachineMemory.TryParse(text, out long bytes)
            ? bytes
            : throw new CommandException(ExitStatus.Usage, $"'{text}' is no size", option, "Write a number and its unit: 16GB (16 x 10^9 bytes), 16GiB (16 x 2^30), 512MB.");
    }

    private static int? Count(string option, int? value, int most) => value is null || (value >= 1 && value <= most)
        ? value
        : throw new CommandException(
            ExitStatus.Usage, string.Create(CultureInfo.InvariantCulture, $"{value} is out of range"), option, string.Create(CultureInfo.InvariantCulture, $"Give a number from 1 to {most:N0}."));
}
