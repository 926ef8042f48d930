using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Harness.Hub;

namespace Harness.Cli.Commands.Models;

/// <summary><c>harness models files</c>: what a repository offers, shards together.</summary>
internal static class ModelsFilesCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Create()
    {
        var repo = new Argument<string>("REPO") { Description = "owner/name on the hub, or hf:owner/name[@revision]." };
        var revision = new Option<string?>("--revision") { Description = "A branch, tag or commit; by default main.", HelpName = "R" };
        var all = new Option<bool>("--all") { Description = "Lists the other files too: configurations, licences, pictures." };
        var offline = new Option<bool>("--offline") { Description = "Asks the cache only." };
        var json = new Option<bool>("--json") { Description = "Prints one JSON object and nothing else." };
        var command = new Command(
            "files",
            """
            Lists what a repository offers: quantizations with their files, sizes and hashes.

            The shards of a file are one row. Projectors of vision models (mmproj), adapters, drafts, importance matrices and files cut by
            bytes are marked as what they are: 'models download --quant' leaves them out. Offline, what the cache has of the repository is listed.

            Examples:
              harness models files Qwen/Qwen2.5-7B-Instruct-GGUF
              harness models files unsloth/Qwen3-8B-GGUF --revision main --json

            Exit status: 0 listed; 1 the hub could not give the listing; 2 the command line is wrong.
            """)
        {
            repo, revision, all, offline, json,
        };
        command.SetAction((parsed, cancellation) => CommandErrors.GuardAsync(async () =>
        {
            HubReference reference = HubReference.Parse(parsed.GetRequiredValue(repo));
            if (reference.File is not null)
                throw new HubException(HubFailure.Usage, "a file is named, and this lists the files", $"REPO is '{parsed.GetValue(repo)}'", "give owner/name only");
            using var client = new HubClient(HubSettings.Read(parsed.GetValue(offline)));
            RepoListing listing = await client.ListFilesAsync(reference.Repo, parsed.GetValue(revision) ?? reference.Revision, cancellation).ConfigureAwait(false);
            IReadOnlyList<RepoVariant> variants = [.. RepoVariant.Of(listing)
                .OrderBy(v => v.Kind).ThenByDescending(v => v.Size).ThenBy(v => v.First, StringComparer.Ordinal)];
            if (parsed.GetValue(json)) JsonOutput.WriteObject(writer => Write(writer, client, listing, variants));
            else Show(client, listing, variants, parsed.GetValue(all));
            return ExitStatus.Done;
        }));
        return command;
    }

    private static void Show(HubClient client, RepoListing listing, IReadOnlyList<RepoVariant> variants, bool all)
    {
        Console.Out.WriteLine($"{listing.Repo}@{listing.Revision} (commit {listing.Commit})\n");
        RepoVariant[] shown = [.. variants.Where(v => all || v.Kind != RepoFileKind.Other)];
        TextTable table = new(new("Quant"), new("Kind"), new("File", Shrinks: true), new("Size", Right: true), new("sha256"), new("Cached"));
        foreach (RepoVariant variant in shown)
        {
            string shards = variant.IsSharded ? string.Create(CultureInfo.InvariantCulture, $" ({Amounts.Of(variant.Files.Count, "shard")}{(variant.Missing.Count > 0 ? $", {variant.Missing.Count} MISSING" : "")})") : "";
            int cached = variant.Files.Count(f => client.FindCached(listing, f) is not null);
            table.Add(
                variant.Quant?.ToString() ?? "–", Word(variant.Kind), variant.First + shards, Amounts.Bytes(variant.Size),
                variant.Files.Count > 1 ? "each its own" : variant.Files[0].Sha256?[..12] ?? "–",
                cached == variant.Files.Count ? "yes" : cached == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{cached} of {variant.Files.Count}"));
        }

        if (shown.Length > 0) table.Write();
        RepoVariant[] others = [.. variants.Except(shown)];
        if (others.Length > 0) Console.Out.WriteLine($"\nand {Amounts.Of(others.Length, "other file")} ({Amounts.Bytes(others.Sum(o => o.Size))}); --all lists them");
        else if (shown.Length == 0) Console.Out.WriteLine("no files");
    }

    /// <summary>A kind in a word.</summary>
    private static string Word(RepoFileKind kind) => JsonNamingPolicy.KebabCaseLower.ConvertName(kind.ToString());

    private static void Write(Utf8JsonWriter writer, HubClient client, RepoListing listing, IReadOnlyList<RepoVariant> variants)
    {
        writer.WriteString("repo", listing.Repo);
        writer.WriteString("revision", listing.Revision);
        writer.WriteString("commit", listing.Commit);
        writer.WriteStartArray("variants");
        foreach (RepoVariant variant in variants)
        {
            writer.WriteStartObject();
            writer.WriteString("kind", Word(variant.Kind));
            writer.WriteString("quant", variant.Quant?.Name);
            writer.WriteString("flavour", variant.Quant is { Flavour.Length: > 0 } quant ? quant.Flavour : null);
            writer.WriteNumber("size", variant.Size);
            writer.WriteStartArray("files");
            foreach (RepoFile file in variant.Files)
            {
                writer.WriteStartObject();
                writer.WriteString("path", file.Path);
                writer.WriteNumber("size", file.Size);
                writer.WriteString("sha256", file.Sha256);
                writer.WriteString("gitSha1", file.Sha256 is null && file.GitSha1.Length > 0 ? file.GitSha1 : null);
                writer.WriteString("cachedPath", client.FindCached(listing, file));
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteStartArray("missing");
            foreach (string missing in variant.Missing) writer.WriteStringValue(missing);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
