using System.CommandLine;
using Harness.Cli.OneModel;
using Harness.Formats.Tensors;
using Harness.Matrix;
using Harness.Runner.Cells;
using Harness.Runner.OneModel;
using Harness.Workers;

namespace Harness.Cli.Commands;

/// <summary><c>harness compare</c>: whether two backends compute the same numbers.</summary>
internal static class CompareCommand
{
    /// <summary>What two files are judged by when nobody says: the strictest.</summary>
    private const string DefaultWeights = "F32";

    /// <summary>Builds the command.</summary>
    public static Command Create()
    {
        var model = new ModelArgument("Or a file of logits, with a second one and --vocabulary.");
        var second = new Argument<string?>("REFERENCE") { Description = "The file of logits the first one is held against.", Arity = ArgumentArity.ZeroOrOne };
        var backends = new Option<string[]>("--backend")
        {
            Description = "The backend that is judged; given again, the one it is held against. By default builtin against the newest installed llama.cpp.",
            HelpName = "B",
            Arity = ArgumentArity.OneOrMore,
            AllowMultipleArgumentsPerToken = false,
        };
        var tokens = new Option<string?>("--tokens") { Description = "Token ids; by default those of a sentence and others over the whole vocabulary.", HelpName = "IDS" };
        var engine = new EngineOptions();
        var vocabulary = new Option<int?>("--vocabulary") { Description = "For files: logits of each token.", HelpName = "N" };
        var weights = new Option<string?>("--weights") { Description = $"For files: the model's coarsest weight type, which sets the limit; by default {DefaultWeights}.", HelpName = "TYPE" };
        var json = new Option<bool>("--json") { Description = "Prints one JSON object and nothing else." };
        var command = new Command(
            "compare",
            """
            Says whether two backends compute the same logits.

            Both evaluate the same token ids. They agree when all are finite, the normalised mean squared error mse(a,b)/mse(a,0) is within the limit of
            the model's coarsest weight type, and the likeliest token is the same wherever the reference was sure of it
            (by more than twice the largest difference).

            Examples:
              harness compare nano:Q4_K_M
              harness compare model.gguf --backend builtin --backend llama.cpp@b8390
              harness compare model.gguf --tokens "1 17 42" --json
              harness compare ours.f32 theirs.f32 --vocabulary 4096 --weights Q8_0

            Exit status: 0 they agree; 1 they do not, or one failed; 2 the command line is wrong.
            """);
        model.AddTo(command);
        command.Arguments.Add(second);
        command.Options.Add(backends);
        command.Options.Add(tokens);
        engine.AddTo(command);
        command.Options.Add(vocabulary);
        command.Options.Add(weights);
        command.Options.Add(json);
        command.SetAction((parsed, cancellation) => CommandErrors.GuardAsync(async () =>
        {
            ComparedLogits compared;
            if (parsed.GetValue(second) is { } reference)
            {
                Refuse(parsed, "two files of logits are compared as they are", [backends, tokens]);
                compared = OfFiles(model.Text(parsed), reference, parsed.GetValue(vocabulary), parsed.GetValue(weights) ?? DefaultWeights);
            }
            else
            {
                Refuse(parsed, "it belongs to two files of logits", [vocabulary, weights]);
                int[]? ids = parsed.GetValue(tokens) is { } list ? TokenIds.Parse(list) : null;
                int threads = engine.Threads(parsed);
                (BackendAtHand judged, BackendAtHand against) = Choose(engine.Backends(parsed), parsed.GetValue(backends) ?? []);
                string file = await model.FindAsync(parsed, cancellation).ConfigureAwait(false);
                using var launcher = new WorkerLauncher();
                var scorer = new ModelScorer(launcher, threads);
                compared = await ScoringErrors.GuardAsync(
                    model.Text(parsed), () => LogitsComparison.OfBackendsAsync(scorer, judged, against, file, ids, cancellation)).ConfigureAwait(false);
            }

            if (parsed.GetValue(json)) ComparisonOutput.PrintJson(compared);
            else ComparisonOutput.Print(compared);
            return compared.Agrees ? ExitStatus.Done : ExitStatus.Unexpected;
        }));
        return command;
    }

    private static (BackendAtHand Judged, BackendAtHand Reference) Choose(BackendChoice choice, string[] named) => named switch
    {
        [] or [BackendChoice.Builtin] => (choice.Find(BackendChoice.Builtin), choice.Find(BackendChoice.LlamaCpp)),
        [var other] => (choice.Find(BackendChoice.Builtin), choice.Find(other)),
        [var judged, var reference] => (choice.Find(judged), choice.Find(reference)),
        _ => throw new CommandException(ExitStatus.Usage, "more than two backends are named", "--backend", "Give the one that is judged, then the one it is held against."),
    };

    private static ComparedLogits OfFiles(string judged, string reference, int? vocabulary, string weights)
    {
        foreach (string path in (string[])[judged, reference])
        {
            if (!File.Exists(path))
                throw new CommandException(ExitStatus.Usage, "there is no such file", path, "Give two files as 'harness logits' writes them.");
        }

        if (vocabulary is not >= 1)
            throw new CommandException(ExitStatus.Usage, "two files of logits say nothing of their shape", "--vocabulary", "Give the number of logits of each token, at least 1.");
        string[] types = Enum.GetNames<TensorType>();
        string type = types.FirstOrDefault(name => name.Equals(weights, StringComparison.OrdinalIgnoreCase)) ?? throw new CommandException(
            ExitStatus.Usage, $"there is no weight type '{weights}'", "--weights",
            NearestWord.Find(weights, types) is { } near ? $"Did you mean {near}?" : "Give one as F16, Q8_0 or Q4_K.");
        try
        {
            return LogitsComparison.OfFiles(judged, reference, vocabulary.Value, type);
        }
        catch (InvalidDataException e)
        {
            throw new CommandException(ExitStatus.Usage, e.Message, $"{judged}, {reference}", "Give two files of the same tokens and the vocabulary they belong to.");
        }
    }

    private static void Refuse(ParseResult parsed, string why, Option[] options)
    {
        foreach (Option option in options)
        {
            if (parsed.GetResult(option) is not null)
                throw new CommandException(ExitStatus.Usage, $"{option.Name} does not belong here: {why}", option.Name, "See 'harness compare --help'.");
        }
    }
}
