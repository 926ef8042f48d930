using System.CommandLine;
using System.Globalization;
using Harness.Formats.Gguf;
using Harness.Text;

namespace Harness.Cli.Commands;

/// <summary><c>harness tokenize</c>: text to token ids, one line each.</summary>
internal static class TokenizeCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Create()
    {
        var model = new Argument<string>("MODEL") { Description = "A GGUF file: a model, or a vocabulary alone." };
        var lines = new Option<string>("--jsonl")
        {
            Description = "The texts: a file with one JSON string on each line, or - for standard input.",
            HelpName = "FILE",
            Required = true,
        };
        var special = new Option<bool>("--special")
        {
            Description = "Turn the text of control tokens, as <|im_start|>, into those tokens.",
        };
        var json = new Option<bool>("--json") { Description = "Print only JSON; this command never prints anything else." };
        var command = new Command(
            "tokenize",
            """
            Prints a JSON array of token ids for each text. Adds neither BOS nor EOS.

            Examples:
              harness tokenize model.gguf --jsonl prompts.jsonl
              echo '"Hello, world"' | harness tokenize model.gguf --jsonl - --special
            """)
        {
            model,
            lines,
            special,
            json,
        };
        command.SetAction(parsed => Run(
            parsed.GetRequiredValue(model), parsed.GetRequiredValue(lines), parsed.GetValue(special)));
        return command;
    }

    private static int Run(string model, string lines, bool special)
    {
        try
        {
            Tokenizer tokenizer = Load(model);
            using Stream input = lines == "-" ? Console.OpenStandardInput() : File.OpenRead(lines);
            using Stream output = Console.OpenStandardOutput();
            TokenLines.Write(tokenizer, input, output, special);
            return ExitStatus.Done;
        }
        catch (GgufException exception)
        {
            return Fail(ExitStatus.Unexpected, exception.What, exception.Where, exception.Remedy);
        }
        catch (TokenizerException exception)
        {
            return Fail(ExitStatus.Unexpected, exception.Message, model, "Try a model with another tokenizer, or convert it again.");
        }
        catch (TokenLineException exception)
        {
            string where = $"{(lines == "-" ? "standard input" : lines)}, line {exception.Line.ToString(CultureInfo.InvariantCulture)}";
            return Fail(ExitStatus.Usage, exception.Message, where, "Write each text as a JSON string on a line of its own.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Fail(ExitStatus.Usage, exception.Message, $"{model}, {lines}", "Give the paths of files that exist and may be read.");
        }
    }

    // The one place that says what MODEL may be here.
    private static Tokenizer Load(string model)
    {
        using var file = GgufFile.Open(model);
        return Tokenizer.Create(TokenizerData.FromGguf(file.Metadata));
    }

    private static int Fail(int status, string what, string where, string remedy)
    {
        Console.Error.WriteLine($"error: {what}\n  {where}\n  {remedy}");
        return status;
    }
}
