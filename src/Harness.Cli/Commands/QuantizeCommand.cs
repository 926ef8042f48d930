using System.Collections.Immutable;
using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Harness.Cli.OneModel;
using Harness.Cli.Quantizing;
using Harness.Formats.Forging;
using Harness.Formats.Quantizing;

namespace Harness.Cli.Commands;

/// <summary><c>harness quantize</c>: a model's weights in fewer bits, by llama.cpp's mixtures.</summary>
internal static class QuantizeCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Create()
    {
        var input = new Argument<string>("IN") { Description = "A model of F32, F16 or BF16: a GGUF file (any shard of a split one), a model directory, hf:owner/repo/file, or a name of the catalogue, as nano:F16." };
        var output = new Argument<string>("OUT") { Description = "The file to write; an existing one is replaced." };
        var type = new Argument<string>("TYPE") { Description = $"{string.Join(", ", TypeNames.Quantizations)}." };
        var tensors = new Option<string[]>("--tensor")
        {
            Description = "The type of tensors by their names, as 'blk.0.*=Q8_0'; the first that matches decides. May be given several times.",
            HelpName = "GLOB=TYPE",
            DefaultValueFactory = _ => [],
        };
        var imatrix = new Option<string?>("--imatrix") { Description = "Weighs errors by this importance matrix: GGUF, or the older .dat.", HelpName = "FILE" };
        var threads = new Option<int>("--threads", "-t")
        {
            Description = "Threads; the bytes written do not depend on it.",
            HelpName = "N",
            DefaultValueFactory = _ => Environment.ProcessorCount,
        };
        var pure = new Option<bool>("--pure") { Description = "Every matrix in the quantization's base type, without its mixture." };
        var keep = new Option<bool>("--leave-output-tensor") { Description = "Leaves output.weight as it is." };
        var outputType = new Option<string?>("--output-tensor-type") { Description = "The type of output.weight.", HelpName = "TYPE" };
        var embeddingType = new Option<string?>("--token-embedding-type") { Description = "The type of the token embedding.", HelpName = "TYPE" };
        var again = new Option<bool>("--allow-requantize") { Description = "Quantizes what is quantized already; more is lost than from F32, F16 or BF16." };
        var dry = new Option<bool>("--dry-run") { Description = "Shows each tensor's type and the size, and writes nothing." };
        var json = new Option<bool>("--json") { Description = "Prints one JSON object about what was written, and nothing else." };
        var command = new Command(
            "quantize",
            """
            Quantizes a model, as llama.cpp's llama-quantize does.

            Each tensor gets the type that llama.cpp gives it in a file of that TYPE, and the same bytes. Memory does
            not grow with the model, and the file appears under its name only when it is whole.

            Examples:
              harness quantize model-f16.gguf model-q4_k_m.gguf Q4_K_M
              harness quantize model-f16.gguf model.gguf IQ4_XS --imatrix imatrix.gguf
              harness quantize model-f16.gguf model.gguf Q3_K_M --tensor 'blk.0.*=Q8_0' --tensor '*ffn_down*=Q5_K'
              harness quantize model-f16.gguf none Q4_K_M --dry-run
              harness quantize nano:F16 nano-q3.gguf Q3_K_S

            Exit status: 0 the file is written; 1 it cannot be; 2 the command line is wrong.
            """)
        {
            input, output, type, tensors, imatrix, threads, pure, keep, outputType, embeddingType, again, dry, json,
        };
        command.SetAction((parsed, cancellation) => CommandErrors.GuardAsync(async () =>
        {
            var request = new Request(
                await ModelArgument.FindAsync(parsed.GetRequiredValue(input), null, cancellation).ConfigureAwait(false),
                parsed.GetRequiredValue(output),
                new QuantizeOptions
                {
                    Quantization = TypeNames.Quantization(parsed.GetRequiredValue(type)),
                    Threads = parsed.GetValue(threads) is > 0 and <= 1024 and var count ? count : throw new CommandException(
                        ExitStatus.Usage, "the number of threads must be from 1 to 1024", "--threads", "Leave it out for as many as the machine has cores."),
                    Pure = parsed.GetValue(pure),
                    KeepOutput = parsed.GetValue(keep),
                    OutputType = parsed.GetValue(outputType) is { } head ? TypeNames.Tensor(head, "--output-tensor-type") : null,
                    EmbeddingType = parsed.GetValue(embeddingType) is { } embedding ? TypeNames.Tensor(embedding, "--token-embedding-type") : null,
                    Tensors = [.. parsed.GetValue(tensors)!.Select(TypeNames.Pattern)],
                    Importance = parsed.GetValue(imatrix) is { } matrix ? ImportanceMatrix.Load(matrix) : null,
                    AllowRequantize = parsed.GetValue(again),
                },
                parsed.GetValue(json));
            return parsed.GetValue(dry) ? Show(request) : Run(request, cancellation);
        }));
        return command;
    }

    private sealed record Request(string Input, string Output, QuantizeOptions Options, bool Json);

    private static int Show(Request request)
    {
        QuantizationPlan plan = ModelQuantizer.Plan(request.Input, request.Options);
        Report(request, plan, null, plan.Tensors);
        return ExitStatus.Done;
    }

    private static int Run(Request request, CancellationToken cancellation)
    {
        OutputFile.Check(request.Output, "the model");
        if (Path.GetFullPath(request.Input) == Path.GetFullPath(request.Output))
            throw new CommandException(ExitStatus.Usage, "OUT would replace IN", request.Output, "Give OUT another path.");
        long start = Stopwatch.GetTimestamp();
        QuantizationPlan plan;
        using (var line = ForgeProgressLine.ForTerminal())
        {
            long total = line is null ? 0 : ModelQuantizer.Plan(request.Input, request.Options).ToBytes;
            plan = ModelQuantizer.Quantize(
                request.Input, request.Output, request.Options, line is null ? null : new Relay(line, total), cancellation);
        }

        Report(request, plan, Stopwatch.GetElapsedTime(start), []);
        return ExitStatus.Done;
    }

    private static void Report(Request request, QuantizationPlan plan, TimeSpan? elapsed, ImmutableArray<QuantizedTensor> tensors)
    {
        if (request.Json)
        {
            WriteJson(request, plan, elapsed);
            return;
        }

        int widest = tensors.IsEmpty ? 0 : tensors.Max(t => t.Name.Length);
        foreach (QuantizedTensor tensor in tensors)
        {
            string shape = string.Join(" × ", tensor.Shape.Select(n => n.ToString(CultureInfo.InvariantCulture)));
            Console.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{tensor.Name.PadRight(widest)}  {shape,-20}  {tensor.From,-5} → {tensor.To,-7}  {tensor.ToBytes / 1e6,10:N2} MB"));
        }

        string types = string.Join(", ", plan.Tensors.GroupBy(t => t.To).OrderByDescending(g => g.Sum(t => t.ToBytes)).Select(g => $"{g.Count()} {g.Key}"));
        string time = elapsed is { } taken ? string.Create(CultureInfo.InvariantCulture, $"  {taken.TotalSeconds:N1} s") : "  (nothing written)";
        Console.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{request.Output}  {plan.Quantization}  {plan.FromBytes / 1e6:N1} → {plan.ToBytes / 1e6:N1} MB  {plan.BitsPerWeight:N2} bits a weight{time}"));
        Console.Out.WriteLine($"  {types}");
    }

    private static void WriteJson(Request request, QuantizationPlan plan, TimeSpan? elapsed)
    {
        using Stream stdout = Console.OpenStandardOutput();
        using (var writer = new Utf8JsonWriter(stdout, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            writer.WriteStartObject();
            writer.WriteString("source", request.Input);
            writer.WriteString("file", elapsed is null ? null : request.Output);
            writer.WriteString("quantization", plan.Quantization);
            writer.WriteNumber("quantizerVersion", ModelQuantizer.Version);
            writer.WriteNumber("sourceBytes", plan.FromBytes);
            writer.WriteNumber("bytes", plan.ToBytes);
            writer.WriteNumber("bitsPerWeight", Math.Round(plan.BitsPerWeight, 4));
            if (elapsed is { } taken)
                writer.WriteNumber("seconds", Math.Round(taken.TotalSeconds, 3));
            writer.WriteStartArray("tensors");
            foreach (QuantizedTensor tensor in plan.Tensors)
            {
                writer.WriteStartObject();
                writer.WriteString("name", tensor.Name);
                writer.WriteStartArray("shape");
                foreach (long length in tensor.Shape)
                    writer.WriteNumberValue(length);
                writer.WriteEndArray();
                writer.WriteString("from", tensor.From);
                writer.WriteString("to", tensor.To);
                writer.WriteNumber("bytes", tensor.ToBytes);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        stdout.Write("\n"u8);
    }

    private sealed class Relay(ForgeProgressLine line, long total) : IProgress<long>
    {
        public void Report(long value) => line.Report(new ForgeProgress(Math.Min(value, total), total));
    }
}
