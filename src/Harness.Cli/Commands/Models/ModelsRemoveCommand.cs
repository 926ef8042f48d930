using System.CommandLine;
using Harness.Hub;

namespace Harness.Cli.Commands.Models;

/// <summary><c>harness models remove</c>: takes a repository, or a revision of it, out of the cache.</summary>
internal static class ModelsRemoveCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Create()
    {
        var repo = new Argument<string>("REPO") { Description = "owner/name." };
        var revision = new Option<string?>("--revision") { Description = "Only this branch, tag, or commit (or its beginning).", HelpName = "R" };
        var yes = new Option<bool>("--yes", "-y") { Description = "Does not ask." };
        var json = new Option<bool>("--json") { Description = "Prints one JSON object and nothing else." };
        var command = new Command(
            "remove",
            """
            Removes a model from the HuggingFace cache, and says how much that frees.

            Blobs that another revision shows stay. Other programs that use this cache lose the model too. A file that is being downloaded is
            not removed under the download.

            Examples:
              harness models remove Qwen/Qwen2.5-0.5B-Instruct-GGUF
              harness models remove Qwen/Qwen2.5-0.5B-Instruct-GGUF --revision 9217f5db --yes

            Exit status: 0 it is gone, or the answer was no; 1 it is not there or cannot be removed; 2 the command line is wrong.
            """)
        {
            repo, revision, yes, json,
        };
        command.SetAction(parsed => CommandErrors.Guard(() =>
        {
            using var client = new HubClient(HubSettings.Read(offline: true));
            HubReference reference = HubReference.Parse(parsed.GetRequiredValue(repo));
            CacheRemoval removal = client.PlanRemoval(reference.Repo, parsed.GetValue(revision) ?? reference.Revision);
            bool quiet = parsed.GetValue(json);
            if (!quiet) RemovalOutput.Show(removal);
            bool agreed = Question.IsAnsweredYes($"Remove {removal.Repo.Repo} from {Path.GetDirectoryName(removal.Repo.Directory)}", parsed.GetValue(yes));
            long freed = agreed ? client.Remove(removal) : 0;
            if (quiet) JsonOutput.WriteObject(writer => RemovalOutput.Write(writer, removal, agreed));
            else Console.Out.WriteLine(agreed ? $"removed; {Amounts.Bytes(freed)} freed" : "nothing was removed");
            return ExitStatus.Done;
        }));
        return command;
    }
}
