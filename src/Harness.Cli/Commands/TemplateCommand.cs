using System.CommandLine;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Harness.Cli.OneModel;
using Harness.Text.Templates;

namespace Harness.Cli.Commands;

/// <summary><c>harness template</c>: a conversation to the prompt a model's own template makes of it.</summary>
internal static class TemplateCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Create()
    {
        var file = new Argument<string>("FILE")
        {
            Description = "A template (.jinja), or a model: a GGUF file, a directory with chat_template.jinja or tokenizer_config.json, "
                + "hf:owner/repo[/file][@revision], or a name of the catalogue, as nano.",
        };
        var messages = new Option<string>("--messages")
        {
            Description = "The conversation: a JSON file {\"messages\": […], \"tools\": […]?}, or - for standard input. Its other fields are variables of the template too.",
            HelpName = "FILE",
            Required = true,
        };
        var generation = new Option<bool>("--add-generation-prompt") { Description = "Ends the prompt where the assistant's answer begins." };
        var now = new Option<string?>("--now") { Description = "The time strftime_now tells, as 2026-07-26T12:00:00; by default this machine's.", HelpName = "ISO" };
        var bos = new Option<string?>("--bos-token") { Description = "The text of bos_token; by default the model's own, or nothing.", HelpName = "S" };
        var eos = new Option<string?>("--eos-token") { Description = "The text of eos_token; by default the model's own, or nothing.", HelpName = "S" };
        var json = new Option<bool>("--json") { Description = "Prints an object {\"prompt\": …} instead of the bare prompt." };
        var command = new Command(
            "template",
            """
            Prints the prompt a chat template makes of a conversation, byte for byte what Jinja2 makes of it.

            Examples:
              harness template chat.jinja --messages talk.json --add-generation-prompt
              harness template model.gguf --messages talk.json --now 2026-07-26
              echo '{"messages":[{"role":"user","content":"Hi"}]}' | harness template nano --messages -

            Exit status: 0 done; 1 the template refuses the conversation (its own words are on stderr), is not valid, or there is none; 2 the command line or the messages are wrong.
            """)
        {
            Arguments = { file },
            Options = { messages, generation, now, bos, eos, json },
        };
        command.SetAction((parsed, cancellation) => CommandErrors.GuardAsync(async () =>
        {
            TemplateVariables variables = ReadMessages(parsed.GetRequiredValue(messages));
            DateTimeOffset? time = ReadTime(parsed.GetValue(now));
            string name = parsed.GetRequiredValue(file);
            TemplateSource source = await FindAsync(name, cancellation).ConfigureAwait(false);
            variables = Tokens(variables, "bos_token", parsed.GetValue(bos) ?? source.BosToken);
            variables = Tokens(variables, "eos_token", parsed.GetValue(eos) ?? source.EosToken);
            // What the messages file itself says of it holds, unless the command line asks.
            if (parsed.GetValue(generation) || !variables.Has("add_generation_prompt"))
                variables = variables.With("add_generation_prompt", parsed.GetValue(generation));
            Print(Render(source, name, variables, time), parsed.GetValue(json));
            return ExitStatus.Done;
        }));
        return command;
    }

    private static TemplateVariables Tokens(TemplateVariables variables, string name, string? text) =>
        text is null && variables.Has(name) ? variables : variables.With(name, text ?? "");

    private static string Render(TemplateSource source, string name, TemplateVariables variables, DateTimeOffset? now)
    {
        try
        {
            return ChatTemplate.Parse(source.Template).Render(variables, now);
        }
        catch (TemplateException e)
        {
            string where = e.Line > 0 ? string.Create(CultureInfo.InvariantCulture, $"{name}, template line {e.Line}") : name;
            throw new CommandException(ExitStatus.Unexpected, e.Message, where, e.Remedy);
        }
    }

    private static void Print(string prompt, bool json)
    {
        using Stream output = Console.OpenStandardOutput();
        byte[] bytes = json
            ? [.. JsonSerializer.SerializeToUtf8Bytes(new PromptJson(prompt), PromptJsonContext.Default.PromptJson), (byte)'\n']
            : Encoding.UTF8.GetBytes(prompt);
        output.Write(bytes);
    }

    private static async Task<TemplateSource> FindAsync(string file, CancellationToken cancellation)
    {
        if (Directory.Exists(file)) return TemplateSource.FromDirectory(file);
        if (File.Exists(file)) return TemplateSource.FromFile(file);
        return TemplateSource.FromFile(await LookUpAsync(file, cancellation).ConfigureAwait(false));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Task<string> LookUpAsync(string model, CancellationToken cancellation) => ModelArgument.FindAsync(model, null, cancellation);

    private static TemplateVariables ReadMessages(string path)
    {
        string where = $"--messages {path}";
        if (path != "-" && !File.Exists(path))
            throw new CommandException(ExitStatus.Usage, Directory.Exists(path) ? "this is a directory" : "there is no such file", where, "Give a JSON file {\"messages\": […]}, or - for standard input.");
        try
        {
            TemplateVariables variables = TemplateVariables.FromJson(ReadAll(path));
            return variables.IsList("messages")
                ? variables
                : throw new CommandException(ExitStatus.Usage, "there is no list 'messages' in it", where, "Write {\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]}.");
        }
        catch (JsonException e)
        {
            string line = e.LineNumber is { } number ? string.Create(CultureInfo.InvariantCulture, $", line {number + 1}") : "";
            throw new CommandException(ExitStatus.Usage, $"it is no valid JSON: {e.Message.Split(" Path:")[0].Split(" LineNumber:")[0]}", where + line, "Write {\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]}.");
        }
    }

    private static byte[] ReadAll(string path)
    {
        using Stream input = path == "-" ? Console.OpenStandardInput() : File.OpenRead(path);
        using var all = new MemoryStream();
        input.CopyTo(all);
        return all.ToArray();
    }

    private static DateTimeOffset? ReadTime(string? text)
    {
        if (text is null) return null;
        // A zone, where one is given, changes nothing: the clock on the wall is what templates print.
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
            ? time
            : throw new CommandException(ExitStatus.Usage, $"'{text}' is no time", "--now", "Write it as 2026-07-26 or 2026-07-26T12:00:00.");
    }
}
