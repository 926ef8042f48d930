using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Harness.Cli.OneModel;
using Harness.Runner.Cells;
using Harness.Runner.OneModel;
using Harness.Workers;

namespace Harness.Cli.Commands;

/// <summary><c>harness logits</c>: one evaluation of token ids, its raw logits as a file.</summary>
internal static class LogitsCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Create()
    {
        var model = new ModelArgument("Its tokenizer is not needed.");
        var tokens = new Option<string>("--tokens") { Description = "Token ids, separated by spaces.", HelpName = "IDS", Required = true };
        var output = new Option<string>("--out")
        {
            Description = "Where to write the logits: little-endian float32, tokens × vocabulary.",
            HelpName = "FILE",
            Required = true,
        };
        var backend = new Option<string?>("--backend")
        {
            Description = "builtin (the default), llama.cpp (the newest installed build), or llama.cpp@BUILD.",
            HelpName = "B",
        };
        var engine = new EngineOptions();
        var json = new Option<bool>("--json") { Description = "Prints one JSON object about what was written, and nothing else." };
        var command = new Command(
            "logits",
            """
            Writes the raw logits of token ids.

            The ids are evaluated at once, from an empty context; every position's logits are written.

            Examples:
              harness logits model.gguf --tokens "1 17 42" --out logits.f32
              harness logits nano:Q8_0 --tokens "1 17 42" --out logits.f32 --threads 1
              harness logits model.gguf --tokens "1 17" --out theirs.f32 --backend llama.cpp

            Exit status: 0 written; 1 the model could not be run; 2 the command line is wrong.
            """);
        model.AddTo(command);
        command.Options.Add(tokens);
        command.Options.Add(output);
        command.Options.Add(backend);
        engine.AddTo(command);
        command.Options.Add(json);
        command.SetAction((parsed, cancellation) => CommandErrors.GuardAsync(async () =>
        {
            int[] ids = TokenIds.Parse(parsed.GetRequiredValue(tokens));
            int threads = engine.Threads(parsed);
            string path = parsed.GetRequiredValue(output);
            OutputFile.Check(path, "the logits");
            string named = parsed.GetValue(backend) ?? (engine.OwnLlamaCpp(parsed) ? BackendChoice.LlamaCpp : BackendChoice.Builtin);
            BackendAtHand found = engine.Backends(parsed).Find(named);
            string file = await model.FindAsync(parsed, cancellation).ConfigureAwait(false);
            ScoredModel scored = await ScoringErrors.GuardAsync(
                model.Text(parsed), () => EvaluateAsync(found, file, ids, path, threads, cancellation)).ConfigureAwait(false);
            Print(scored, path, threads, parsed.GetValue(json));
            return ExitStatus.Done;
        }));
        return command;
    }

    private static async Task<ScoredModel> EvaluateAsync(
        BackendAtHand backend, string model, int[] ids, string output, int threads, CancellationToken cancellation)
    {
        // Written beside the target and moved over it, so that a file of this name is always a whole one.
        string path = Path.GetFullPath(output);
        string partial = $"{path}.{Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}.partial";
        try
        {
            // Before the work, not after it, it turns out that nothing can be written here.
            await File.Create(partial).DisposeAsync().ConfigureAwait(false);
            using var launcher = new WorkerLauncher();
            ScoredModel scored = await new ModelScorer(launcher, threads).ScoreAsync(backend, model, ids, partial, cancellation).ConfigureAwait(false);
            File.Move(partial, path, overwrite: true);
            return scored;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitStatus.Unexpected, e.Message, path, "Give a file that can be written, on a disk with room for it.");
        }
        finally
        {
            File.Delete(partial);
        }
    }

    private static void Print(ScoredModel scored, string path, int threads, bool json)
    {
        Scoring scoring = scored.Scoring;
        if (!json)
        {
            string version = scored.Backend.Contains('@', StringComparison.Ordinal) ? "" : " " + scored.Identity.Version;
            Console.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{path}: {scoring.Tokens} × {scoring.VocabularySize} float32, {scored.Backend}{version}, {scoring.EvaluationTime.TotalMilliseconds:0.0} ms"));
            return;
        }

        using Stream stdout = Console.OpenStandardOutput();
        using (var writer = new Utf8JsonWriter(stdout))
        {
            writer.WriteStartObject();
            writer.WriteString("file", path);
            writer.WriteNumber("tokens", scoring.Tokens);
            writer.WriteNumber("vocabulary", scoring.VocabularySize);
            writer.WriteString("architecture", scored.Loaded.Architecture);
            writer.WriteString("backend", scored.Backend);
            writer.WriteString("version", scored.Identity.Version);
            writer.WriteString("instructionSet", scored.Identity.InstructionSet);
            writer.WriteNumber("threads", threads);
            writer.WriteNumber("evaluationMilliseconds", scoring.EvaluationTime.TotalMilliseconds);
            writer.WriteEndObject();
        }

        stdout.Write("\n"u8);
    }
}
