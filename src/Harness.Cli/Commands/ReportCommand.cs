using System.CommandLine;
using Harness.Cli.Running;
using Harness.Matrix;
using Harness.Receipts.Store;

namespace Harness.Cli.Commands;

/// <summary><c>harness report</c>: the page of a run, made anew from its receipts.</summary>
internal static class ReportCommand
{
    private const string Compatibility = "compatibility";
    private const string Architectures = "architectures";
    private const string Formats = "formats";
    private const string Chat = "chat";
    private const string Fit = "fit";

    /// <summary>Builds the command.</summary>
    public static Command Create()
    {
        var folder = new Argument<string?>("DIR") { Description = "A folder with receipts.jsonl; by default the newest run.", Arity = ArgumentArity.ZeroOrOne };
        var output = new Option<string?>("--out") { Description = "The page to write; by default report.md, architectures.md, formats.md, chat.md or fit.md in DIR.", HelpName = "FILE" };
        var kind = new Option<string>("--page")
        {
            Description = "Which page: compatibility, a line a cell; architectures, a line a model with its error and structure; formats, a line a quantization with its size, error and perplexity; chat, what chat templates can do and what backends make of them; or fit, memory predicted and measured.",
            HelpName = "PAGE",
            DefaultValueFactory = _ => Compatibility,
        };
        kind.AcceptOnlyFromAmong(Compatibility, Architectures, Formats, Chat, Fit);
        var matrix = new Option<string?>("--matrix") { Description = "The matrix whose templates are used.", HelpName = "FILE" };
        var json = new Option<bool>("--json") { Description = "Prints one JSON object and nothing else." };
        var command = new Command(
            "report",
            """
            Makes the page of a run anew from its receipts.

            Verdicts are by today's rules, the layout is by today's template. Nothing is run.

            Examples:
              harness report
              harness report reports/runs/20261121-120000-000
              harness report nightly --out reports/nightly.md
              harness report nightly --page architectures
              harness report reports/formats --page formats
              harness report --page chat
              harness report reports/fit --page fit
            """)
        {
            folder, kind, output, matrix, json,
        };
        command.SetAction((parsed, _) => CommandErrors.GuardAsync(() =>
        {
            string from = parsed.GetValue(folder) ?? ReceiptSearch.NewestRun();
            if (!File.Exists(Path.Combine(from, "receipts.jsonl")))
                throw new CommandException(ExitStatus.Usage, "there is no receipts.jsonl in it", from, "Name the folder of a run, as reports/runs/… or what --out named.");
            string asked = parsed.GetRequiredValue(kind);
            string page = Path.GetFullPath(
                parsed.GetValue(output) ?? Path.Combine(from, asked switch
                {
                    Architectures => ReportPage.ArchitecturesFileName,
                    Formats => ReportPage.FormatsFileName,
                    Chat => ReportPage.ChatFileName,
                    Fit => ReportPage.FitFileName,
                    _ => ReportPage.FileName,
                }));
            OutputFile.Check(page, "the page");
            Catalogue catalogue = LoadedMatrix.Load(CatalogueFiles.Matrix(parsed.GetValue(matrix))).Catalogue;
            ReceiptSet receipts = ReceiptStore.Read(from);
            string shown = parsed.GetValue(json) ? page : Path.GetRelativePath(Environment.CurrentDirectory, page);
            if (asked == Architectures) ArchitecturesOutput.Print(ReportPage.WriteArchitectures(receipts, page, catalogue), shown, parsed.GetValue(json));
            else if (asked == Formats) FormatsOutput.Print(ReportPage.WriteFormats(receipts, page, catalogue), shown, parsed.GetValue(json));
            else if (asked == Chat) ChatOutput.Print(ReportPage.WriteChat(receipts, page, catalogue), shown, parsed.GetValue(json));
            else if (asked == Fit) FitTable.Print(ReportPage.WriteFit(receipts, page, catalogue), shown, parsed.GetValue(json));
            else if (parsed.GetValue(json)) RunOutput.PrintJson(ReportPage.Write(receipts, page, catalogue), shown);
            else RunOutput.Print(ReportPage.Write(receipts, page, catalogue), shown);
            return Task.FromResult(ExitStatus.Done);
        }));
        return command;
    }
}
