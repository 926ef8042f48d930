using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Harness.Workers;

namespace Harness.Cli.Commands;

/// <summary><c>harness logits</c>: one evaluation of token ids, its raw logits as a file.</summary>
internal static class LogitsCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Create()
    {
        var model = new Argument<string>("MODEL") { Description = "A GGUF file. Its tokenizer is not needed." };
        var tokens = new Option<string>("--tokens")
        {
            Description = "Token ids, separated by spaces.",
            HelpName = "IDS",
            Required = true,
        };
        var output = new Option<string>("--out")
        {
            Description = "Where to write the logits: little-endian float32, tokens × vocabulary.",
            HelpName = "FILE",
            Required = true,
        };
        var backend = new Option<string>("--backend")
        {
            Description = "The engine.",
            HelpName = "BACKEND",
            DefaultValueFactory = _ => "builtin",
        };
        var threads = new Option<int>("--threads")
        {
            Description = "Threads that compute; by default one a processor.",
            HelpName = "N",
            DefaultValueFactory = _ => Environment.ProcessorCount,
        };
        var json = new Option<bool>("--json") { Description = "Print one JSON object about what was written." };
        var command = new Command(
            "logits",
            """
            Evaluates token ids at once, from an empty context, and writes every position's raw logits.

            Examples:
              harness logits model.gguf --tokens "1 17 42" --out logits.f32
              harness logits model.gguf --tokens "1 17 42" --out logits.f32 --threads 1
            """)
        {
            model,
            tokens,
            output,
            backend,
            threads,
            json,
        };
        command.SetAction(parsed => Run(new Request(
            parsed.GetRequiredValue(model),
            parsed.GetRequiredValue(tokens),
            parsed.GetRequiredValue(output),
            parsed.GetRequiredValue(backend),
            parsed.GetValue(threads),
            parsed.GetValue(json))));
        return command;
    }

    private static int Run(Request request)
    {
        if (!TokenIds.TryParse(request.Tokens, out int[]? ids, out string? fault))
            return Fail(ExitStatus.Usage, fault, "--tokens", "Give ids from 0 on, as in --tokens \"1 17 42\".");
        if (request.Threads < 1)
        {
            string threads = request.Threads.ToString(CultureInfo.InvariantCulture);
            return Fail(ExitStatus.Usage, $"{threads} threads cannot compute", "--threads", "Give 1 or more.");
        }

        if (!File.Exists(request.Model))
            return Fail(ExitStatus.Usage, "there is no such file", request.Model, "Give the path of a GGUF file.");

        string? folder = Path.GetDirectoryName(Path.GetFullPath(request.Output));
        if (Directory.Exists(request.Output) || !Directory.Exists(folder))
            return Fail(ExitStatus.Usage, "the logits cannot be written there", request.Output, "Give a file in a folder that exists.");

        using IInferenceEngine? engine = BackendLookup.Open(request.Backend);
        if (engine is null)
        {
            string available = string.Join(", ", BackendLookup.Names);
            return Fail(ExitStatus.Usage, $"there is no backend '{request.Backend}' here", "--backend", $"Available: {available}.");
        }

        return Evaluate(request, ids, engine);
    }

    private static int Evaluate(Request request, int[] ids, IInferenceEngine engine)
    {
        // Written beside the target and moved over it, so that a file of this name is always a whole one.
        string path = Path.GetFullPath(request.Output);
        string partial = $"{path}.{Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}.partial";
        try
        {
            LoadedModel loaded = engine.Load(new LoadRequest(request.Model, ids.Length, "cpu", request.Threads));
            foreach (int id in ids)
            {
                if (id < loaded.VocabularySize)
                    continue;
                string largest = (loaded.VocabularySize - 1).ToString(CultureInfo.InvariantCulture);
                return Fail(
                    ExitStatus.Usage,
                    $"the token id {id.ToString(CultureInfo.InvariantCulture)} is outside the vocabulary",
                    "--tokens",
                    $"This model's ids go from 0 to {largest}.");
            }

            Scoring scoring;
            using (FileStream stream = File.Create(partial))
                scoring = engine.Score(ids, stream);
            File.Move(partial, path, overwrite: true);
            Print(request, loaded, scoring, engine.Identify());
            return ExitStatus.Done;
        }
        catch (InferenceException exception)
        {
            string remedy = exception.Failure == InferenceFailure.Unsupported
                ? "Try another backend, or a model of another architecture or quantization."
                : "Check that the file is whole; download or convert it again.";
            return Fail(ExitStatus.Unexpected, exception.Message, request.Model, remedy);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Fail(ExitStatus.Unexpected, exception.Message, path, "Give a file that can be written.");
        }
        finally
        {
            File.Delete(partial);
        }
    }

    private static void Print(Request request, LoadedModel loaded, Scoring scoring, BackendIdentity identity)
    {
        if (!request.Json)
        {
            Console.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{request.Output}: {scoring.Tokens} × {scoring.VocabularySize} float32, {identity.Backend} {identity.Version}, {scoring.EvaluationTime.TotalMilliseconds:0.0} ms"));
            return;
        }

        using Stream stdout = Console.OpenStandardOutput();
        using (var writer = new Utf8JsonWriter(stdout))
        {
            writer.WriteStartObject();
            writer.WriteString("file", request.Output);
            writer.WriteNumber("tokens", scoring.Tokens);
            writer.WriteNumber("vocabulary", scoring.VocabularySize);
            writer.WriteString("architecture", loaded.Architecture);
            writer.WriteString("backend", request.Backend);
            writer.WriteString("version", identity.Version);
            writer.WriteString("instructionSet", identity.InstructionSet);
            writer.WriteNumber("threads", request.Threads);
            writer.WriteNumber("evaluationMilliseconds", scoring.EvaluationTime.TotalMilliseconds);
            writer.WriteEndObject();
        }

        stdout.Write("\n"u8);
    }

    private static int Fail(int status, string what, string where, string remedy)
    {
        Console.Error.WriteLine($"error: {what}\n  {where}\n  {remedy}");
        return status;
    }

    private sealed record Request(string Model, string Tokens, string Output, string Backend, int Threads, bool Json);
}
