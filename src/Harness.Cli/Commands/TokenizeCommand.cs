using System.CommandLine;
using System.Globalization;
using Harness.Cli.OneModel;
using Harness.Text;

namespace Harness.Cli.Commands;

/// <summary><c>harness tokenize</c>: text to token ids, one line each.</summary>
internal static class TokenizeCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Create()
    {
        var model = new ModelArgument(
            "A vocabulary alone will do; so will a HuggingFace tokenizer.json, a SentencePiece tokenizer.model, or a directory with one.");
        var lines = new Option<string>("--jsonl")
        {
            Description = "The texts: a file with one JSON string on each line, or - for standard input.",
            HelpName = "FILE",
            Required = true,
        };
        var special = new Option<bool>("--special") { Description = "Turns the text of control tokens, as <|im_start|>, into those tokens." };
        var json = new Option<bool>("--json") { Description = "Prints only JSON; this command never prints anything else." };
        var command = new Command(
            "tokenize",
            """
            Prints a JSON array of token ids for each text. Adds neither BOS nor EOS.

            Examples:
              harness tokenize model.gguf --jsonl prompts.jsonl
              harness tokenize Qwen2.5-0.5B/tokenizer.json --jsonl prompts.jsonl
              echo '"Hello, world"' | harness tokenize nano --jsonl - --special

            Exit status: 0 done; 1 the model's tokenizer cannot be used; 2 the command line or a line of FILE is wrong.
            """);
        model.AddTo(command);
        command.Options.Add(lines);
        command.Options.Add(special);
        command.Options.Add(json);
        command.SetAction((parsed, cancellation) => CommandErrors.GuardAsync(async () =>
        {
            string texts = parsed.GetRequiredValue(lines);
            if (texts != "-" && !File.Exists(texts))
            {
                throw new CommandException(
                    ExitStatus.Usage, Directory.Exists(texts) ? "this is a directory" : "there is no such file", $"--jsonl {texts}",
                    "Give a file with one JSON string on each line, or - for standard input.");
            }

            string named = model.Text(parsed);
            string file = Directory.Exists(named) ? named : await model.FindAsync(parsed, cancellation).ConfigureAwait(false);
            Write(Load(file, named), texts, parsed.GetValue(special));
            return ExitStatus.Done;
        }));
        return command;
    }

    private static void Write(ITextTokenizer tokenizer, string texts, bool special)
    {
        try
        {
            using Stream input = texts == "-" ? Console.OpenStandardInput() : File.OpenRead(texts);
            using Stream output = Console.OpenStandardOutput();
            TokenLines.Write(tokenizer, input, output, special);
        }
        catch (TokenLineException e)
        {
            string where = $"{(texts == "-" ? "standard input" : texts)}, line {e.Line.ToString(CultureInfo.InvariantCulture)}";
            throw new CommandException(ExitStatus.Usage, e.Message, where, "Write each text as a JSON string on a line of its own.");
        }
    }

    private static ITextTokenizer Load(string path, string model)
    {
        try
        {
            return TokenizerFile.Load(path);
        }
        catch (TokenizerException e)
        {
            throw new CommandException(ExitStatus.Unexpected, e.Message, model, "Try a model with another tokenizer, or convert it again.");
        }
    }
}
