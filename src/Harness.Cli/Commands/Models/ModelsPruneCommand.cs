using System.CommandLine;
using Harness.Hub;

namespace Harness.Cli.Commands.Models;

/// <summary><c>harness models prune</c>: takes out of the cache what nobody can name.</summary>
internal static class ModelsPruneCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Create()
    {
        var dryRun = new Option<bool>("--dry-run") { Description = "Only says what would go." };
        var yes = new Option<bool>("--yes", "-y") { Description = "Does not ask." };
        var json = new Option<bool>("--json") { Description = "Prints a JSON array, one object a repository, and nothing else." };
        var command = new Command(
            "prune",
            """
            Removes downloads that have not ended, blobs that no snapshot shows, and snapshots that no branch or tag names.

            A snapshot is named by no branch when the branch went on to another commit, or when it was downloaded by its commit. An unfinished download
            would otherwise go on where it stopped. What is being downloaded now stays.

            Examples:
              harness models prune --dry-run
              harness models prune --yes

            Exit status: 0 done; 1 something could not be removed; 2 the command line is wrong.
            """)
        {
            dryRun, yes, json,
        };
        command.SetAction(parsed => CommandErrors.Guard(() =>
        {
            using var client = new HubClient(HubSettings.Read(offline: true));
            IReadOnlyList<CacheRemoval> removals = client.PlanPruning();
            bool quiet = parsed.GetValue(json), dry = parsed.GetValue(dryRun);
            if (!quiet)
                foreach (CacheRemoval removal in removals) RemovalOutput.Show(removal);
            bool agreed = removals.Count > 0 && !dry && Question.IsAnsweredYes($"Remove this, {Amounts.Bytes(removals.Sum(r => r.Bytes))} in all", parsed.GetValue(yes));
            long freed = agreed ? removals.Sum(client.Remove) : 0;
            if (quiet) JsonOutput.WriteArray(removals, (writer, removal) => RemovalOutput.Write(writer, removal, agreed));
            else
                Console.Out.WriteLine(
                    removals.Count == 0 ? "nothing to prune"
                    : dry ? $"would free {Amounts.Bytes(removals.Sum(r => r.Bytes))}; nothing was removed"
                    : agreed ? $"removed; {Amounts.Bytes(freed)} freed" : "nothing was removed");
            return ExitStatus.Done;
        }));
        return command;
    }
}
