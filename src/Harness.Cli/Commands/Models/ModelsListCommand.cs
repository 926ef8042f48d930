using System.CommandLine;
using System.Text.Json;
using Harness.Hub;

namespace Harness.Cli.Commands.Models;

/// <summary><c>harness models list</c>: what the cache holds.</summary>
internal static class ModelsListCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "Prints one JSON object and nothing else." };
        var command = new Command(
            "list",
            """
            Lists the models in the HuggingFace cache, whoever downloaded them.

            'Verified' tells when the harness last hashed a file and found it right, if the file was not changed since; 'no' means that nobody
            here did, not that it is wrong. 'Last used' is what the file system tells.

            Examples:
              harness models list
              harness models list --json
              HF_HUB_CACHE=/data/hub harness models list
            """)
        {
            json,
        };
        command.SetAction(parsed => CommandErrors.Guard(() =>
        {
            HubOptions options = HubSettings.Read(offline: true);
            using var client = new HubClient(options);
            IReadOnlyList<CachedRepo> repos = client.ListCached();
            if (parsed.GetValue(json)) JsonOutput.WriteObject(writer => Write(writer, options, repos));
            else Show(options, repos);
            return ExitStatus.Done;
        }));
        return command;
    }

    private static void Show(HubOptions options, IReadOnlyList<CachedRepo> repos)
    {
        if (repos.Count == 0)
        {
            Console.Out.WriteLine($"No models in {options.CacheDirectory}. 'harness models download REPO' fetches one.");
            return;
        }

        DateTime now = DateTime.UtcNow;
        TextTable table = new(
            new("Repository", Shrinks: true), new("Revision", Shrinks: true), new("File", Shrinks: true), new("Size", Right: true), new("Last used"), new("Verified"));
        foreach (CachedRepo repo in repos)
        {
            string name = repo.Repo;
            foreach (CachedRevision revision in repo.Revisions)
            {
                string which = revision.Refs.Count > 0 ? $"{string.Join(", ", revision.Refs)} ({Short(revision.Commit)})" : Short(revision.Commit);
                foreach (CachedFile file in revision.Files)
                {
                    table.Add(
                        name, which, file.Path, file.IsBroken ? "–" : Amounts.Bytes(file.Size), file.IsBroken ? "–" : Amounts.Ago(file.LastUsed, now),
                        file.IsBroken ? "BROKEN LINK" : file.VerifiedAt is { } when ? Amounts.Ago(when, now) : "no");
                    (name, which) = ("", "");
                }
            }

            if (repo.Incomplete.Count > 0) table.Add(name, "", $"({Amounts.Of(repo.Incomplete.Count, "download")} not finished)", Amounts.Bytes(repo.Incomplete.Sum(b => b.Size)), "", "");
        }

        table.Write();
        Console.Out.WriteLine(
            $"\n{Amounts.Of(repos.Count, "repository")}, {Amounts.Of(repos.Sum(r => r.Revisions.Sum(v => v.Files.Count)), "file")}, {Amounts.Bytes(repos.Sum(r => r.Size))} in {options.CacheDirectory}");
    }

    private static string Short(string commit) => commit.Length > 8 ? commit[..8] : commit;

    private static void Write(Utf8JsonWriter writer, HubOptions options, IReadOnlyList<CachedRepo> repos)
    {
        writer.WriteString("cache", options.CacheDirectory);
        writer.WriteNumber("size", repos.Sum(r => r.Size));
        writer.WriteStartArray("repositories");
        foreach (CachedRepo repo in repos)
        {
            writer.WriteStartObject();
            writer.WriteString("repo", repo.Repo);
            writer.WriteString("path", repo.Directory);
            writer.WriteNumber("size", repo.Size);
            writer.WriteTime("lastUsed", repo.LastUsed);
            writer.WriteStartArray("revisions");
            foreach (CachedRevision revision in repo.Revisions) Write(writer, revision);
            writer.WriteEndArray();
            Write(writer, "incomplete", repo.Incomplete);
            Write(writer, "orphans", repo.Orphans);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter writer, CachedRevision revision)
    {
        writer.WriteStartObject();
        writer.WriteString("commit", revision.Commit);
        writer.WriteStartArray("refs");
        foreach (string name in revision.Refs) writer.WriteStringValue(name);
        writer.WriteEndArray();
        writer.WriteNumber("size", revision.Size);
        writer.WriteTime("lastUsed", revision.LastUsed);
        writer.WriteStartArray("files");
        foreach (CachedFile file in revision.Files)
        {
            writer.WriteStartObject();
            writer.WriteString("file", file.Path);
            writer.WriteString("path", file.LocalPath);
            writer.WriteNumber("size", file.Size);
            writer.WriteTime("lastUsed", file.IsBroken ? null : file.LastUsed);
            writer.WriteString("sha256", file.Hash is { Length: 64 } ? file.Hash : null);
            writer.WriteString("gitSha1", file.Hash is { Length: 40 } ? file.Hash : null);
            writer.WriteBoolean("broken", file.IsBroken);
            writer.WriteTime("verifiedAt", file.VerifiedAt);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, string name, IReadOnlyList<CachedBlob> blobs)
    {
        writer.WriteStartArray(name);
        foreach (CachedBlob blob in blobs)
        {
            writer.WriteStartObject();
            writer.WriteString("path", blob.Path);
            writer.WriteNumber("size", blob.Size);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
