using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Harness.Matrix;
using Harness.Receipts.Store;
using Harness.Reporting;

namespace Harness.Cli.Commands;

/// <summary><c>harness backends learn</c>: what builds know, from the receipts of probe runs.</summary>
internal static class LearnCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Create()
    {
        var folder = new Argument<string>("DIR") { Description = "A folder with receipts.jsonl." };
        var output = new Option<string?>("--out") { Description = "Where the files go, one a build; by default matrix/backends/knowledge of the checkout.", HelpName = "DIR" };
        var json = new Option<bool>("--json") { Description = "Prints a JSON array, one object a build; nothing else." };
        var command = new Command(
            "learn",
            """
            Writes down what builds know, from the receipts of probe runs.

            Which architectures, tensor types and pre-tokenizers a build loads, with its exact message where it does not. 'harness inspect' and
            'harness explain' answer from these files. What an earlier run found and this one did not try is kept, unless the libraries are others.

            Examples:
              harness run --profile knowledge --out reports/runs/knowledge
              harness backends learn reports/runs/knowledge
            """)
        {
            folder, output, json,
        };
        command.SetAction((parsed, _) => CommandErrors.GuardAsync(() =>
        {
            string from = parsed.GetRequiredValue(folder);
            if (!File.Exists(Path.Combine(from, "receipts.jsonl")))
                throw new CommandException(ExitStatus.Usage, "there is no receipts.jsonl in it", from, "Name the folder of a run, as reports/runs/… or what --out named.");
            Catalogue catalogue = CatalogueFiles.Catalogue();
            string to = parsed.GetValue(output) ?? Path.Combine(catalogue.Directory, "backends", KnowledgeFile.FolderName);
            IReadOnlyList<BackendKnowledge> learned = KnowledgeMaker.Make(ReceiptStore.Read(from));
            if (learned.Count == 0)
                throw new CommandException(ExitStatus.Unexpected, "no receipt in it is of a versioned build that tried a model", from, "Run 'harness run --profile knowledge' first.");
            Directory.CreateDirectory(to);
            var written = new List<object>();
            foreach (BackendKnowledge one in learned)
            {
                BackendKnowledge all = catalogue.Knowledge.FirstOrDefault(k => k.Backend.Equals(one.Backend))?.With(one) ?? one;
                string path = Path.Combine(to, KnowledgeFile.NameOf(one.Backend));
                File.WriteAllText(path, KnowledgeFile.Write(all));
                written.Add(new { backend = one.Backend.ToString(), path, architectures = all.Architectures.Count(f => f.Loads), tensorTypes = all.TensorTypes.Count(f => f.Loads), preTokenizers = all.PreTokenizers.Count(f => f.Loads) });
                if (parsed.GetValue(json)) continue;
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{one.Backend}: {Loaded(all.Architectures)} architectures, {Loaded(all.TensorTypes)} tensor types, {Loaded(all.PreTokenizers)} pre-tokenizers load → {Path.GetRelativePath(Environment.CurrentDirectory, path)}"));
            }

            if (parsed.GetValue(json)) Console.WriteLine(JsonSerializer.Serialize(written));
            return Task.FromResult(ExitStatus.Done);
        }));
        return command;
    }

    private static string Loaded(IReadOnlyList<KnownFact> facts) => $"{facts.Count(f => f.Loads)} of {facts.Count}";
}
