using System.CommandLine;
using System.Text.Json;
using Harness.Hub;

namespace Harness.Cli.Commands.Models;

/// <summary><c>harness models verify</c>: hashes what the cache holds.</summary>
internal static class ModelsVerifyCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Create()
    {
        var repo = new Argument<string?>("REPO") { Description = "owner/name; by default everything in the cache.", Arity = ArgumentArity.ZeroOrOne };
        var offline = new Option<bool>("--offline") { Description = "Does not ask the hub for hashes that the cache does not tell." };
        var json = new Option<bool>("--json") { Description = "Prints a JSON array, one object a file, and nothing else." };
        var command = new Command(
            "verify",
            """
            Hashes the files in the cache and compares them with what they should be.

            A file's blob is named by its hash: sha256 for large files, git's sha1 for small ones. For files that are no blobs (caches
            without symbolic links) the hub is asked. A wrong file is named with the command that fetches it again; nothing is removed.

            Examples:
              harness models verify
              harness models verify Qwen/Qwen2.5-0.5B-Instruct-GGUF --json

            Exit status: 0 nothing is wrong; 1 a file is wrong, unreadable or not there; 2 the command line is wrong.
            """)
        {
            repo, offline, json,
        };
        command.SetAction((parsed, cancellation) => CommandErrors.GuardAsync(async () =>
        {
            using var client = new HubClient(HubSettings.Read(parsed.GetValue(offline)));
            IReadOnlyList<CachedRepo> repos = parsed.GetValue(repo) is { } name ? [client.FindCachedRepo(HubReference.Parse(name).Repo)] : client.ListCached();
            List<CacheFinding> findings = [];
            using (TransferLine? line = TransferLine.ForTerminal([]))
            {
                foreach (CachedRepo cached in repos)
                    findings.AddRange(await client.VerifyCachedAsync(cached, line, cancellation).ConfigureAwait(false));
            }

            if (parsed.GetValue(json)) JsonOutput.WriteArray(findings, Write);
            else Show(findings, repos.Sum(r => r.Incomplete.Count));
            return findings.Any(f => f.Kind is not (CacheFindingKind.Right or CacheFindingKind.Unknown)) ? ExitStatus.Unexpected : ExitStatus.Done;
        }));
        return command;
    }

    private static void Show(List<CacheFinding> findings, int unfinished)
    {
        foreach (CacheFinding finding in findings.Where(f => f.Kind != CacheFindingKind.Right))
        {
            Console.Out.WriteLine($"{Word(finding.Kind)}  {finding.Repo}/{finding.File.Path}@{finding.Commit}");
            Console.Out.WriteLine($"  {finding.Reason}");
            if (finding.Got is { } got) Console.Out.WriteLine($"  {finding.HashName}: expected {finding.Expected}\n  {new string(' ', finding.HashName!.Length)}  got      {got}");
            Console.Out.WriteLine($"  {finding.File.LocalPath}");
            if (finding.Remedy is { } remedy) Console.Out.WriteLine($"  to mend it: {remedy}");
            Console.Out.WriteLine();
        }

        int right = findings.Count(f => f.Kind == CacheFindingKind.Right), unknown = findings.Count(f => f.Kind == CacheFindingKind.Unknown);
        string wrong = findings.Count - right - unknown is > 0 and var count ? $", {count} wrong" : "";
        string untold = unknown > 0 ? $", {unknown} without a hash to compare with" : "";
        Console.Out.WriteLine($"{Amounts.Of(findings.Count, "file")} ({Amounts.Bytes(findings.DistinctBy(f => f.File.BlobPath).Sum(f => f.File.Size))}): {right} right{wrong}{untold}");
        if (unfinished > 0) Console.Out.WriteLine($"{Amounts.Of(unfinished, "download")} not finished: run the download again, or 'harness models prune'");
    }

    private static string Word(CacheFindingKind kind) => kind switch
    {
        CacheFindingKind.Wrong => "WRONG",
        CacheFindingKind.Broken => "BROKEN",
        CacheFindingKind.Unreadable => "UNREADABLE",
        CacheFindingKind.Unknown => "unknown",
        _ => "right",
    };

    private static void Write(Utf8JsonWriter writer, CacheFinding finding)
    {
        writer.WriteString("repo", finding.Repo);
        writer.WriteString("commit", finding.Commit);
        writer.WriteString("file", finding.File.Path);
        writer.WriteString("path", finding.File.LocalPath);
        writer.WriteString("state", JsonNamingPolicy.KebabCaseLower.ConvertName(finding.Kind.ToString()));
        writer.WriteString("hash", finding.HashName);
        writer.WriteString("expected", finding.Expected);
        writer.WriteString("got", finding.Got);
        writer.WriteString("reason", finding.Reason);
        writer.WriteString("remedy", finding.Remedy);
    }
}
