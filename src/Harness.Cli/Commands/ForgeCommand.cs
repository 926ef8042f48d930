using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Harness.Formats.Forging;
using Harness.Formats.Gguf;
using Harness.Matrix;
using Harness.Runner.Inspection;

namespace Harness.Cli.Commands;

/// <summary><c>harness forge</c>: random-weight models, small of a true architecture or large of a true shape.</summary>
internal static class ForgeCommand
{
    private const string NoTemplate = "none";

    /// <summary>Builds the command.</summary>
    public static Command Create()
    {
        var architecture = new Option<string?>("--arch") { Description = "A probe model of this architecture; --list names them.", HelpName = "A" };
        var variant = new Option<string?>("--variant") { Description = "With --arch: another variant than the first.", HelpName = "V" };
        var template = new Option<string?>("--chat-template") { Description = "With --arch: the probe carries this chat template (.jinja), or none for none at all.", HelpName = "FILE" };
        var control = new Option<string[]>("--control-token") { Description = "With --chat-template: a control token the vocabulary gets, as \"<|im_end|>\"; may be given many times.", HelpName = "S", DefaultValueFactory = _ => [] };
        var bos = new Option<string?>("--bos-token") { Description = "With --chat-template: the text of BOS.", HelpName = "S" };
        var eos = new Option<string?>("--eos-token") { Description = "With --chat-template: the text of EOS, which ends a generation.", HelpName = "S" };
        var list = new Option<bool>("--list") { Description = "Lists the architectures and their variants, and forges nothing." };
        var like = new Option<string?>("--like") { Description = "A file in the shape of this model: a name of the catalogue or a GGUF file.", HelpName = "MODEL" };
        var quant = new Option<string?>("--quant")
        {
            Description = $"{string.Join(", ", ProbeForge.Quantizations)}.",
            HelpName = "Q",
        };
        var seed = new Option<ulong>("--seed") { Description = "Decides the weights.", HelpName = "N", DefaultValueFactory = _ => 1 };
        var output = new Option<string?>("--out") { Description = "The file to write; an existing one is replaced.", HelpName = "FILE" };
        var json = new Option<bool>("--json") { Description = "Prints a JSON object about the file and nothing else." };
        var command = new Command(
            "forge",
            """
            Makes a model with random weights.

            With --arch, a probe: a few megabytes of a true architecture with a working tokenizer, the same bytes on
            every machine, to see whether an engine supports the architecture and computes the same numbers. With
            --like, a file of the full size of a real model, to see whether it fits and how fast it runs.

            Examples:
              harness forge --arch llama --quant Q4_K_M --out probe.gguf
              harness forge --arch qwen2 --quant F16 --seed 7 --variant untied --out probe.gguf
              harness forge --arch llama --quant Q8_0 --chat-template chat.jinja --out probe.gguf
              harness forge --arch gemma2 --quant Q8_0 --chat-template gemma.jinja --control-token '<end_of_turn>' --out probe.gguf
              harness forge --list
              harness forge --like mistral-7b-v0.2 --quant Q4_K_M --out big.gguf
              harness forge --like model.gguf --quant Q8_0 --out same-shape.gguf

            Exit status: 0 the file is written; 1 it cannot be; 2 the command line is wrong.
            """)
        {
            architecture, variant, template, control, bos, eos, list, like, quant, seed, output, json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(list))
                return;
            foreach (Option<string?> needed in (Option<string?>[])[quant, output])
            {
                if (result.GetResult(needed) is null)
                    result.AddError($"Option '{needed.Name}' is required.");
            }
        });
        command.SetAction((parsed, cancellation) => CommandErrors.GuardAsync(() => Task.FromResult(parsed.GetValue(list)
            ? List(parsed.GetValue(json))
            : Run(
                new Request(
                    parsed.GetValue(architecture), parsed.GetValue(variant), parsed.GetValue(like), parsed.GetValue(quant)!,
                    parsed.GetValue(seed), parsed.GetValue(output)!, parsed.GetValue(json),
                    parsed.GetValue(template), parsed.GetValue(control) ?? [], parsed.GetValue(bos), parsed.GetValue(eos)),
                cancellation))));
        return command;
    }

    private sealed record Request(
        string? Architecture, string? Variant, string? Like, string Quant, ulong Seed, string Output, bool Json, string? ChatTemplate,
        IReadOnlyList<string> ControlTokens, string? BosToken, string? EosToken);

    private static int List(bool json)
    {
        if (!json)
        {
            foreach (string architecture in ProbeForge.Architectures)
                Console.Out.WriteLine($"{architecture,-20} {string.Join(", ", ProbeForge.Variants(architecture))}");
            return ExitStatus.Done;
        }

        using Stream output = Console.OpenStandardOutput();
        using (var writer = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            writer.WriteStartObject();
            foreach (string architecture in ProbeForge.Architectures)
            {
                writer.WriteStartArray(architecture);
                foreach (string variant in ProbeForge.Variants(architecture))
                    writer.WriteStringValue(variant);
                writer.WriteEndArray();
            }

            writer.WriteEndObject();
        }

        output.WriteByte((byte)'\n');
        return ExitStatus.Done;
    }

    private static int Run(Request request, CancellationToken cancellation)
    {
        if (request.Architecture is null == request.Like is null)
            throw new ForgeException("exactly one of --arch and --like is needed", "command line", "Give --arch for a probe, --like for a true shape.");
        OutputFile.Check(request.Output, "the model");
        if (request.Architecture is not null)
            ProbeForge.Write(request.Architecture, request.Quant, request.Seed, request.Output, request.Variant, ReadChat(request));
        else
            WriteLike(request, request.Like!, cancellation);
        Report(request);
        return ExitStatus.Done;
    }

    private static ForgedChat? ReadChat(Request request)
    {
        if (request.ChatTemplate is not { } path)
        {
            return request is { ControlTokens: [], BosToken: null, EosToken: null }
                ? null
                : throw new ForgeException("tokens are given without the template they belong to", "--control-token, --bos-token, --eos-token", "Give --chat-template FILE too.");
        }

        if (path != NoTemplate && !File.Exists(path)) throw new ForgeException("there is no such chat template", $"--chat-template {path}", "Give a .jinja file, or none.");
        return new ForgedChat(path == NoTemplate ? null : File.ReadAllText(path)) { ControlTokens = request.ControlTokens, BosToken = request.BosToken, EosToken = request.EosToken };
    }

    private static void WriteLike(Request request, string like, CancellationToken cancellation)
    {
        if (request.Variant is not null)
            throw new ForgeException("--variant belongs to --arch", "--variant", "Leave it out with --like.");
        if (request.ChatTemplate is not null)
            throw new ForgeException("--chat-template belongs to --arch", "--chat-template", "Leave it out with --like.");
        int threads = Math.Clamp(Environment.ProcessorCount, 1, 4);
        using var line = ForgeProgressLine.ForTerminal();
        if (File.Exists(like))
        {
            if (Path.GetFullPath(like) == Path.GetFullPath(request.Output))
                throw new ForgeException("--out would replace the file of --like", request.Output, "Give --out another path.");
            using var file = GgufFile.Open(like);
            ShapeForge.Write(file, request.Quant, request.Seed, request.Output, threads, line, cancellation);
            return;
        }

        ShapeForge.Write(ShapeOf(like), request.Quant, request.Seed, request.Output, threads, line, cancellation);
    }

    private static ForgeShape ShapeOf(string name)
    {
        Catalogue catalogue = CatalogueFiles.Catalogue();
        string known = string.Join(", ", catalogue.Models.Where(m => m.Shape is not null).Select(m => m.Id));
        return (catalogue.FindModel(name) is { } model ? CatalogueShape.Of(model) : null) ?? throw new ForgeException(
            $"'{name}' is neither a file nor a model of the catalogue with a shape", "--like", $"Models with a shape: {known}.");
    }

    private static void Report(Request request)
    {
        long bytes = new FileInfo(request.Output).Length;
        if (!request.Json)
        {
            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{request.Output}  {bytes / 1e6:N1} MB"));
            return;
        }

        using Stream output = Console.OpenStandardOutput();
        using (var writer = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            writer.WriteStartObject();
            writer.WriteString("path", request.Output);
            writer.WriteString("architecture", request.Architecture);
            writer.WriteString("variant", request.Architecture is null ? null : request.Variant ?? ProbeForge.Variants(request.Architecture)[0]);
            writer.WriteString("like", request.Like);
            writer.WriteString("quant", request.Quant);
            writer.WriteNumber("seed", request.Seed);
            writer.WriteNumber("forgeVersion", ProbeForge.Version);
            writer.WriteNumber("bytes", bytes);

            // A probe is small enough to read once more; a true-shape file is not.
            writer.WriteString("sha256", request.Architecture is null ? null : Sha256(request.Output));
            writer.WriteEndObject();
        }

        output.WriteByte((byte)'\n');
    }

    private static string Sha256(string path)
    {
        using FileStream file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }
}
