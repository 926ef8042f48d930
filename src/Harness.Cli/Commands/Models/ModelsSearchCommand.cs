using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Harness.Hub;

namespace Harness.Cli.Commands.Models;

/// <summary><c>harness models search</c>: repositories on the hub.</summary>
internal static class ModelsSearchCommand
{
    private const int Most = 10_000;

    /// <summary>Builds the command.</summary>
    public static Command Create()
    {
        var text = new Argument<string[]>("TEXT") { Description = "Words of the repository's name.", Arity = ArgumentArity.OneOrMore };
        var limit = new Option<int>("--limit") { Description = "Most results.", HelpName = "N", DefaultValueFactory = _ => 20 };
        var sort = new Option<ModelSort>("--sort") { Description = "Order: downloads, likes, trending, modified or created.", HelpName = "S", DefaultValueFactory = _ => ModelSort.Downloads };
        var author = new Option<string?>("--author") { Description = "Only this owner's repositories.", HelpName = "A" };
        var all = new Option<bool>("--all") { Description = "Also repositories without GGUF files." };
        var json = new Option<bool>("--json") { Description = "Prints a JSON array, one object a repository, and nothing else." };
        var command = new Command(
            "search",
            """
            Searches the hub for models.

            Only repositories with GGUF files are listed, the most downloaded first. Parameters and architecture are what the hub reads from the
            files; 'gated' means that a licence must be accepted on the repository's page, and HF_TOKEN be set.

            Examples:
              harness models search 'qwen2.5 7b instruct'
              harness models search llama --author bartowski --sort modified --limit 50
              harness models search gemma --json

            Exit status: 0 the hub answered, be it with nothing; 1 it did not.
            """)
        {
            text, limit, sort, author, all, json,
        };
        command.SetAction((parsed, cancellation) => CommandErrors.GuardAsync(async () =>
        {
            int most = parsed.GetValue(limit);
            if (most is < 1 or > Most)
                throw new CommandException(ExitStatus.Usage, $"--limit {most} is out of range", "--limit", $"Give a number from 1 to {Most}.");
            var search = new ModelSearch(string.Join(' ', parsed.GetRequiredValue(text)))
            {
                Limit = most,
                Sort = parsed.GetValue(sort),
                Author = parsed.GetValue(author),
                GgufOnly = !parsed.GetValue(all),
            };
            using var client = new HubClient(HubSettings.Read(offline: false));
            IReadOnlyList<RepoSummary> found = await client.SearchAsync(search, cancellation).ConfigureAwait(false);
            if (parsed.GetValue(json)) JsonOutput.WriteArray(found, Write);
            else Show(found, search);
            return ExitStatus.Done;
        }));
        return command;
    }

    private static void Show(IReadOnlyList<RepoSummary> found, ModelSearch search)
    {
        if (found.Count == 0)
        {
            Console.Out.WriteLine($"The hub knows no {(search.GgufOnly ? "repository with GGUF files" : "repository")} for '{search.Text}'{(search.Author is { } a ? $" by {a}" : "")}.");
            return;
        }

        TextTable table = new(
            new("Repository", Shrinks: true), new("Size", Right: true), new("Architecture"), new("Downloads", Right: true), new("Likes", Right: true),
            new("Changed"), new("Licence", Shrinks: true), new(""));
        foreach (RepoSummary repo in found)
        {
            table.Add(
                repo.Repo, repo.Parameters is { } count ? Amounts.Count(count) : "–", repo.Architecture ?? "–", Amounts.Count(repo.Downloads),
                Amounts.Count(repo.Likes), repo.Modified?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) ?? "–", repo.License ?? "–", repo.Gated ? "gated" : "");
        }

        table.Write();
        if (found.Count == search.Limit) Console.Out.WriteLine($"\nThe first {found.Count}; --limit tells more.");
    }

    private static void Write(Utf8JsonWriter writer, RepoSummary repo)
    {
        writer.WriteString("repo", repo.Repo);
        writer.WriteString("commit", repo.Commit);
        writer.WriteNumber("downloads", repo.Downloads);
        writer.WriteNumber("likes", repo.Likes);
        writer.WriteBoolean("gated", repo.Gated);
        writer.WriteString("license", repo.License);
        writer.WriteTime("modified", repo.Modified);
        if (repo.Parameters is { } count) writer.WriteNumber("parameters", count);
        else writer.WriteNull("parameters");
        writer.WriteString("architecture", repo.Architecture);
    }
}
