using System.CommandLine;
using Harness.Cli.Running;
using Harness.Matrix;
using Harness.Receipts;
using Harness.Receipts.Store;
using Harness.Receipts.Verdicts;
using Harness.Reporting;

namespace Harness.Cli.Commands;

/// <summary><c>harness explain</c>: why something failed, on what evidence, and what to do.</summary>
internal static class ExplainCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Create()
    {
        var receipt = new Argument<string?>("RECEIPT")
        {
            Description = "A receipt's id or its beginning, or a folder or file of receipts; by default the failures of the newest run.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var within = new Option<string?>("--in") { Description = "The folder or file the receipt is looked for in; by default every run under reports/.", HelpName = "DIR" };
        var matrix = new Option<string?>("--matrix") { Description = "The matrix whose catalogue of causes is used.", HelpName = "FILE" };
        var json = new Option<bool>("--json") { Description = "Prints a JSON array, one object an explanation, and nothing else." };
        var command = new Command(
            "explain",
            """
            Explains failures: the cause, the evidence it is concluded from, and the next step.

            Causes are matched on what the receipt holds (kind, stage, exact message, log, header, environment) by the catalogue matrix/causes.yaml. What no entry
            fits is said to be unexplained, with all its evidence.

            Examples:
              harness explain
              harness explain 3f9a1c
              harness explain reports/runs/20261121-120000-000
              harness explain 3f9a1c --in reports/nightly --json

            Exit status: 0 explained, or nothing to explain; 2 there is no such receipt.
            """)
        {
            receipt, within, matrix, json,
        };
        command.SetAction((parsed, _) => CommandErrors.GuardAsync(() =>
        {
            Catalogue catalogue = LoadedMatrix.Load(CatalogueFiles.Matrix(parsed.GetValue(matrix))).Catalogue;
            (ReceiptSet set, IReadOnlyList<Receipt> asked, string from) = ReceiptSearch.Find(parsed.GetValue(receipt), parsed.GetValue(within));
            var matcher = new CauseMatcher(catalogue, set);
            // What failed comes first; what was only remarked on, as a folded system message, after it.
            Explanation[] explanations = [.. asked.SelectMany(matcher.Explain).OrderBy(e => e.Verdict.Kind is VerdictKind.Works or VerdictKind.Runs ? 1 : 0)];
            if (parsed.GetValue(json)) ExplainOutput.PrintJson(explanations);
            else ExplainOutput.Print(explanations, asked, matcher, from);
            return Task.FromResult(ExitStatus.Done);
        }));
        return command;
    }
}
