using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Harness.Cli.Quantizing;
using Harness.Conversion;
using Harness.Formats.Quantizing;

namespace Harness.Cli.Commands;

/// <summary><c>harness convert</c>: a model directory of safetensors to a GGUF file.</summary>
internal static class ConvertCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Create()
    {
        var directory = new Argument<string?>("DIR")
        {
            Description = "A model directory as the transformers library saves it: config.json, a tokenizer, safetensors files.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var output = new Argument<string?>("OUT") { Description = "The GGUF file to write; an existing one is replaced.", Arity = ArgumentArity.ZeroOrOne };
        var type = new Option<string>("--type")
        {
            Description = $"What matrices become: {string.Join(", ", ModelConverter.Types)}, or any type of 'harness quantize'. AUTO, the default, is the model's own.",
            HelpName = "T",
            DefaultValueFactory = _ => "AUTO",
        };
        var name = new Option<string?>("--name") { Description = "The model's name in the file; by default that of the directory.", HelpName = "NAME" };
        var threads = new Option<int>("--threads") { Description = "Threads to convert with.", HelpName = "N", DefaultValueFactory = _ => Math.Clamp(Environment.ProcessorCount, 1, 8) };
        var bare = new Option<bool>("--no-tokenizer") { Description = "Converts a model that has no tokenizer: it then works on ids alone." };
        var list = new Option<bool>("--list") { Description = "Lists the architectures that can be converted, and converts nothing." };
        var json = new Option<bool>("--json") { Description = "Prints a JSON object about the file and nothing else." };
        var command = new Command(
            "convert",
            """
            Converts a model directory (safetensors) to a GGUF file.

            The file is what llama.cpp's own converter would write: the same names, types, reorderings and metadata,
            with tokenizer and chat template. What does not fit is said: which tensor, at which step, what was expected,
            what was found, and why. Other commands convert a directory by themselves, into the harness's cache.

            Examples:
              harness convert Qwen2.5-0.5B-Instruct qwen.gguf
              harness convert Llama-3.2-1B llama.gguf --type Q8_0
              harness convert --list
              harness logits Qwen2.5-0.5B-Instruct --tokens "1 2 3" --out logits.f32

            Exit status: 0 the file is written; 1 the model cannot be converted; 2 the command line is wrong.
            """)
        {
            directory, output, type, name, threads, bare, list, json,
        };
        command.Validators.Add(result =>
        {
            if (!result.GetValue(list) && result.GetValue(output) is null)
                result.AddError("DIR and OUT are required.");
        });
        command.SetAction((parsed, cancellation) => CommandErrors.GuardAsync(() => Task.FromResult(parsed.GetValue(list)
            ? List(parsed.GetValue(json))
            : Run(
                parsed.GetValue(directory)!, parsed.GetValue(output)!, parsed.GetValue(type)!,
                new ConversionOptions { Name = parsed.GetValue(name), Threads = Math.Max(1, parsed.GetValue(threads)), WithoutTokenizer = parsed.GetValue(bare) },
                parsed.GetValue(json), cancellation))));
        return command;
    }

    private static int List(bool json)
    {
        if (json)
        {
            Print(writer =>
            {
                writer.WriteStartObject();
                foreach ((string architecture, IReadOnlyList<string> classes) in ModelConverter.Known)
                {
                    writer.WriteStartArray(architecture);
                    foreach (string one in classes)
                        writer.WriteStringValue(one);
                    writer.WriteEndArray();
                }

                writer.WriteEndObject();
            });
            return ExitStatus.Done;
        }

        foreach ((string architecture, IReadOnlyList<string> classes) in ModelConverter.Known)
            Console.Out.WriteLine($"{architecture,-12} {string.Join(", ", classes)}");
        return ExitStatus.Done;
    }

    private static int Run(string directory, string target, string type, ConversionOptions options, bool json, CancellationToken cancellation)
    {
        if (!Directory.Exists(directory))
            throw new CommandException(ExitStatus.Usage, "there is no such directory", directory, "Give the directory that holds the model's config.json.");
        OutputFile.Check(target, "the model");
        string? direct = ModelConverter.Types.FirstOrDefault(t => t.Equals(type, StringComparison.OrdinalIgnoreCase));
        string? quantization = direct is null ? ModelQuantizer.Quantizations.FirstOrDefault(q => q.Equals(TypeNames.Quantization(type), StringComparison.OrdinalIgnoreCase)) : null;
        if (direct is null && quantization is null)
        {
            throw new CommandException(
                ExitStatus.Usage, $"there is no type '{type}'", "--type",
                $"Known are {string.Join(", ", ModelConverter.Types.Concat(TypeNames.Quantizations).Distinct())}.");
        }

        long start = Stopwatch.GetTimestamp();
        ConversionResult result;
        using (var line = ConversionProgressLine.ForTerminal())
        {
            options = options with { Type = direct ?? "AUTO", Progress = line };
            result = quantization is null
                ? ModelConverter.Convert(directory, target, options, cancellation)
                : Quantized(directory, target, quantization, options, cancellation);
        }

        Report(result, target, quantization ?? result.Type, Stopwatch.GetElapsedTime(start), json);
        return ExitStatus.Done;
    }

    /// <summary>In two steps: the model's own type first, beside the target, then the quantization.</summary>
    private static ConversionResult Quantized(string directory, string target, string quantization, ConversionOptions options, CancellationToken cancellation)
    {
        string whole = $"{target}.{Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}.unquantized";
        try
        {
            ConversionResult result = ModelConverter.Convert(directory, whole, options, cancellation);
            ModelQuantizer.Quantize(whole, target, quantization, options.Threads, cancellation);
            return result with { Type = quantization, Bytes = new FileInfo(target).Length };
        }
        finally
        {
            File.Delete(whole);
        }
    }

    private static void Report(ConversionResult result, string target, string type, TimeSpan time, bool json)
    {
        if (!json)
        {
            Console.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{target}: {result.ModelClass} as {result.Architecture}, {result.Tensors} tensors, {result.Parameters / 1e6:N1} million weights, {type}, {result.Bytes / 1e6:N1} MB, {time.TotalSeconds:N1} s"));
            return;
        }

        Print(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("path", target);
            writer.WriteString("class", result.ModelClass);
            writer.WriteString("architecture", result.Architecture);
            writer.WriteString("type", type);
            writer.WriteNumber("tensors", result.Tensors);
            writer.WriteNumber("parameters", result.Parameters);
            writer.WriteNumber("bytes", result.Bytes);
            writer.WriteNumber("seconds", Math.Round(time.TotalSeconds, 3));
            writer.WriteNumber("converterVersion", ModelConverter.Version);
            writer.WriteEndObject();
        });
    }

    private static void Print(Action<Utf8JsonWriter> write)
    {
        using Stream output = Console.OpenStandardOutput();
        using (var writer = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
            write(writer);
        output.WriteByte((byte)'\n');
    }
}
