using System.CommandLine;
using System.Text.Json;
using Harness.Hub;

namespace Harness.Cli.Commands.Models;

/// <summary><c>harness models download</c>: files of a repository, verified, in the HuggingFace cache.</summary>
internal static class ModelsDownloadCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Create()
    {
        var repo = new Argument<string>("REPO")
        {
            Description = "owner/name on the hub, or hf:owner/name[/file][@revision].",
        };
        var file = new Option<string?>("--file") { Description = "A path in the repository, or a glob such as '*q4_k_m*.gguf'.", HelpName = "F" };
        var quant = new Option<string?>("--quant") { Description = "A quantization, however the file names write it: Q4_K_M, q8_0, fp16, UD-Q4_K_XL.", HelpName = "Q" };
        var revision = new Option<string?>("--revision") { Description = "A branch, tag or commit; by default main.", HelpName = "R" };
        var noVerify = new Option<bool>("--no-verify") { Description = "Trusts the size of what is in the cache already, instead of hashing it." };
        var force = new Option<bool>("--force") { Description = "Fetches again what is in the cache, and replaces it." };
        var offline = new Option<bool>("--offline") { Description = "Uses the cache only." };
        var json = new Option<bool>("--json") { Description = "Prints a JSON array, one object a file, and nothing else." };
        var command = new Command(
            "download",
            """
            Fetches a model's files into the HuggingFace cache, verified.

            Prints the path of each. All shards of a sharded model are fetched. An interrupted download goes on where it stopped. What
            'harness models files REPO' marks as projector, adapter, draft or importance matrix is left out unless --file names it.
            HF_ENDPOINT, HF_TOKEN, HF_HOME, HF_HUB_CACHE and HF_HUB_OFFLINE mean what they mean to the official clients.

            Examples:
              harness models download Qwen/Qwen2.5-0.5B-Instruct-GGUF --quant Q4_K_M
              harness models download hf:Qwen/Qwen2.5-0.5B-Instruct-GGUF/qwen2.5-0.5b-instruct-q8_0.gguf@main
              harness models download owner/name --file '*Q6_K*.gguf' --json

            Exit status: 0 the files are there and right; 1 the hub or the cache could not give them; 2 the command line
            is wrong, or fits several files.
            """)
        {
            repo, file, quant, revision, noVerify, force, offline, json,
        };
        command.SetAction((parsed, cancellation) => CommandErrors.GuardAsync(() => DownloadAsync(
            new Request(
                parsed.GetRequiredValue(repo), parsed.GetValue(file), parsed.GetValue(quant), parsed.GetValue(revision),
                parsed.GetValue(noVerify), parsed.GetValue(force), parsed.GetValue(offline), parsed.GetValue(json)),
            cancellation)));
        return command;
    }

    private sealed record Request(
        string Repo, string? File, string? Quant, string? Revision, bool NoVerify, bool Force, bool Offline, bool Json);

    private static async Task<int> DownloadAsync(Request request, CancellationToken cancellation)
    {
        HubReference reference = HubReference.Parse(request.Repo);
        if (reference.File is not null && request.File is not null || reference.Revision is not null && request.Revision is not null)
            throw new HubException(
                HubFailure.Usage, "the file or the revision is given twice", $"REPO is '{request.Repo}'", "give it in REPO or as an option, not both");
        HubOptions options = HubSettings.Read(request.Offline);
        using var client = new HubClient(options);
        IReadOnlyList<ResolvedFile> files = await client.ResolveAsync(
            reference.Repo, request.Revision ?? reference.Revision,
            new FileQuery { File = request.File ?? reference.File, Quant = request.Quant }, cancellation).ConfigureAwait(false);
        IReadOnlyList<DownloadedFile> downloaded;
        using (TransferLine? line = TransferLine.ForTerminal(files))
            downloaded = await client.DownloadAsync(
                files, new DownloadOptions { VerifyCached = !request.NoVerify, Force = request.Force, Progress = line }, cancellation).ConfigureAwait(false);

        if (request.Json)
            JsonOutput.WriteArray(downloaded, (writer, file) => Write(writer, options, file));
        else
            foreach (DownloadedFile file in downloaded) Console.Out.WriteLine(file.LocalPath);
        return ExitStatus.Done;
    }

    private static void Write(Utf8JsonWriter writer, HubOptions options, DownloadedFile file)
    {
        writer.WriteString("path", file.LocalPath);
        writer.WriteString("endpoint", options.DisplayEndpoint);
        writer.WriteString("repo", file.File.Repo);
        writer.WriteString("revision", file.File.Revision);
        writer.WriteString("commit", file.File.Commit);
        writer.WriteString("file", file.File.Path);
        writer.WriteNumber("size", file.File.Size);
        writer.WriteString("sha256", file.File.Sha256);
        writer.WriteString("gitSha1", file.File.GitSha1);
        writer.WriteBoolean("fromCache", file.FromCache);
        writer.WriteBoolean("verified", file.Verified);
        writer.WriteNumber("bytesFetched", file.BytesFetched);
    }
}
