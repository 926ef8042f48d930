using System.CommandLine;
using System.Text.Json;
using Harness.Hub;
using Harness.Matrix;
using Harness.Runner;

namespace Harness.Cli.Commands.Models;

/// <summary><c>harness models check</c>: whether the catalogue still says what the hub says.</summary>
internal static class ModelsCheckCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Create()
    {
        var model = new Option<string[]>("--model")
        {
            Description = "Models of the catalogue, by name or pattern (*, ?, [abc]); by default all.",
            HelpName = "G",
            Arity = ArgumentArity.OneOrMore,
        };
        var offline = new Option<bool>("--offline") { Description = "Opens no connection; then this has nothing to say." };
        var json = new Option<bool>("--json") { Description = "Prints a JSON array, one object a model, and nothing else." };
        var command = new Command(
            "check",
            """
            Asks the hub whether every model of the catalogue is still where the catalogue says.

            Told are renamed and missing repositories, files that are not there (with the one that is), changed licences and gates, and the commit each
            revision names now. The catalogue is not changed.

            Examples:
              harness models check
              harness models check --model 'qwen*'
              harness models check --json

            Exit status: 0 all resolve; 1 something moved, is missing, or could not be asked; 2 the command line or catalogue is wrong.
            """)
        {
            model, offline, json,
        };
        command.SetAction((parsed, cancellation) => CommandErrors.GuardAsync(async () =>
        {
            ModelEntry[] entries = Chosen(CatalogueFiles.Catalogue(), parsed.GetValue(model) ?? []);
            using var client = new HubClient(HubSettings.Read(parsed.GetValue(offline)));
            bool quiet = parsed.GetValue(json);
            var progress = quiet || Console.IsErrorRedirected ? null : new Told(entries.Length);
            IReadOnlyList<CatalogueFinding> findings = await new CatalogueCheck(client).RunAsync(entries, progress, cancellation).ConfigureAwait(false);
            progress?.Clear();
            if (quiet) JsonOutput.WriteArray(findings, Write);
            else Show(findings, client.Options.DisplayEndpoint);
            return findings.All(f => f.State == CatalogueState.Resolves) ? ExitStatus.Done : ExitStatus.Unexpected;
        }));
        return command;
    }

    private static ModelEntry[] Chosen(Catalogue catalogue, string[] patterns)
    {
        ModelEntry[] published = [.. catalogue.Models.Where(m => m.Origin == VariantOrigin.Hub)];
        if (patterns.Length == 0) return published;
        List<ModelEntry> chosen = [];
        foreach (string pattern in patterns.SelectMany(p => p.Split(',', StringSplitOptions.TrimEntries)))
        {
            if (!Glob.TryParse(pattern, out Glob? glob, out string? fault))
                throw new CommandException(ExitStatus.Usage, $"'{pattern}' is no pattern: {fault}", "--model", "Write a name, in which * stands for any text.");
            ModelEntry[] fitting = [.. published.Where(m => glob.Matches(m.Id))];
            if (fitting.Length == 0)
                throw new CommandException(
                    ExitStatus.Usage, $"no model of the catalogue that comes from a hub fits '{pattern}'", "--model", $"There are {string.Join(", ", published.Select(m => m.Id))}.");
            chosen.AddRange(fitting);
        }

        return [.. chosen.Distinct()];
    }

    private static void Show(IReadOnlyList<CatalogueFinding> findings, string endpoint)
    {
        TextTable table = new(new("Model"), new("Repository", Shrinks: true), new("State"), new("Files", Right: true), new("Commit"));
        foreach (CatalogueFinding finding in findings)
        {
            table.Add(
                finding.Model.Id, finding.Model.Repository!, Word(finding.State),
                finding.Commit is null ? "–" : $"{finding.Found.Count}/{finding.Model.Quants.Count}", finding.Commit?[..8] ?? "–");
        }

        table.Write();
        foreach (CatalogueFinding finding in findings.Where(f => f.Remarks.Count > 0))
        {
            Console.Out.WriteLine($"\n{finding.Model.Id} ({finding.Model.Repository})");
            foreach (string remark in finding.Remarks) Console.Out.WriteLine($"  {remark}");
        }

        string[] counts = [.. findings.GroupBy(f => f.State).OrderBy(g => g.Key).Select(g => $"{g.Count()} {Word(g.Key)}")];
        Console.Out.WriteLine($"\n{Amounts.Of(findings.Count, "model")} asked of {endpoint}: {string.Join(", ", counts)}");
    }

    private static string Word(CatalogueState state) => JsonNamingPolicy.KebabCaseLower.ConvertName(state.ToString());

    private static void Write(Utf8JsonWriter writer, CatalogueFinding finding)
    {
        writer.WriteString("model", finding.Model.Id);
        writer.WriteString("repository", finding.Model.Repository);
        writer.WriteString("revision", finding.Model.Revision);
        writer.WriteString("state", Word(finding.State));
        writer.WriteString("commit", finding.Commit);
        writer.WriteStartArray("found");
        foreach (string quant in finding.Found) writer.WriteStringValue(quant);
        writer.WriteEndArray();
        writer.WriteStartArray("remarks");
        foreach (string remark in finding.Remarks) writer.WriteStringValue(remark);
        writer.WriteEndArray();
    }

    /// <summary>A line on a terminal's standard error: how many were asked.</summary>
    private sealed class Told(int all) : IProgress<CatalogueFinding>
    {
        private readonly Lock _lock = new();
        private int _done;

        public void Report(CatalogueFinding value)
        {
            lock (_lock) Console.Error.Write($"\r{++_done} of {all} asked");
        }

        public void Clear()
        {
            lock (_lock) Console.Error.Write("\r" + new string(' ', 40) + "\r");
        }
    }
}
