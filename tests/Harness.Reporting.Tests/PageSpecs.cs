using System.Text;
using Harness.Receipts;
using Harness.Receipts.Comparisons;
using Harness.Receipts.Store;
using NUnit.Framework;

namespace Harness.Reporting.Tests;

[TestFixture]
public sealed class PageSpecs
{
    private static readonly MachineFacts Machine = new("Linux 6.1", "x64", "A | processor", 2, 1L << 34, ".NET 10.0.0", "0.1.0");
    private static readonly Cell Builtin = new("nano", "Q4_K_M", "builtin", "cpu");
    private static readonly Cell Llama = new("nano", "Q4_K_M", "llama.cpp@v0.5.0", "cpu");

    [TestCase("a|b", "a\\|b")]
    [TestCase("two\nlines", "two<br>lines")]
    [TestCase("<script>", "&lt;script&gt;")]
    [TestCase("`rm` *x* _y_ [z]", "\\`rm\\` \\*x\\* \\_y\\_ \\[z\\]")]
    [TestCase("a\u001b[31mb\u202ec", "a\uFFFD\\[31mb\uFFFDc")]
    public void Hostile_text_stays_text_in_a_cell(string text, string expected) =>
        Assert.That(MarkdownEncoder.Escape(text), Is.EqualTo(expected));

    [TestCase("plain", "`plain`")]
    [TestCase("a`b", "`` a`b ``")]
    [TestCase("```", "```` ``` ````")]
    [TestCase("a|b", "`a\\|b`")]
    [TestCase("a\r\nb", "`a⏎b`")]
    [TestCase("", "")]
    public void Hostile_text_stays_text_in_a_code_span(string text, string expected) =>
        Assert.That(MarkdownEncoder.Code(text), Is.EqualTo(expected));

    [Test]
    public void A_cell_without_a_receipt_is_untested_and_one_with_a_failure_quotes_it()
    {
        Receipt failed = Make(Llama, f: new FailureRecord(FailureKind.Error, "tensor 'x|y' is\nmissing"));
        string page = Render(new ReceiptSet([failed], [], [Run(Builtin, Llama)], NoLogits));
        Assert.That(page, Does.Contain("untested ❔").And.Contain("`tensor 'x\\|y' is⏎missing`").And.Contain("0 of 2 work"));
    }

    [Test]
    public void Every_table_row_has_as_many_cells_as_its_header()
    {
        Receipt a = Make(Builtin, text: " 2 | \n`x`"), b = Make(Llama, text: " 2");
        var set = new ReceiptSet([a, b], [ReceiptComparer.Compare(a, b, _ => null)], [Run(Builtin, Llama)], NoLogits);
        int columns = 0;
        foreach (string line in Render(set).Split('\n'))
        {
            int pipes = line.Replace("\\|", "", StringComparison.Ordinal).Count(c => c == '|');
            if (pipes == 0) columns = 0;
            else if (columns == 0) columns = pipes;
            else Assert.That(pipes, Is.EqualTo(columns), line);
        }
    }

    [Test]
    public void The_newest_receipt_of_a_cell_is_shown()
    {
        Receipt old = Make(Builtin, f: new FailureRecord(FailureKind.Timeout, "slow"));
        Receipt now = Make(Builtin, text: " 2");
        ReportView view = new ReportBuilder(new ReceiptSet([old, now], [], [Run(Builtin)], NoLogits)).Build("t");
        Assert.That(view.Cells.Single().Verdict.Word, Is.EqualTo("works"));
    }

    [Test]
    public void A_page_reads_as_it_should()
    {
        Receipt a = Make(Builtin, text: " 2"), b = Make(Llama, text: " 2");
        var set = new ReceiptSet([a, b], [ReceiptComparer.Compare(a, b, _ => null)], [Run(Builtin, Llama, Builtin with { Backend = "llama.cpp@b8390" })], NoLogits);
        string folder = Path.Combine(TestContext.CurrentContext.TestDirectory, "Snapshots");
        string expected = File.ReadAllText(Path.Combine(folder, "page.md"));
        string page = Render(set);
        // Left beside the expected page, so that a wanted change is one copy away.
        File.WriteAllText(Path.Combine(folder, "page.actual.md"), page);
        Assert.That(page, Is.EqualTo(expected.ReplaceLineEndings("\n")));
    }

    [Test]
    public void A_known_issue_stands_beside_the_cells_it_is_about_and_decides_nothing()
    {
        Cell old = new("nano", "Q4_0", "llama.cpp@b5640", "cpu");
        var set = new ReceiptSet([Make(old, text: " 2"), Make(Builtin, text: " 2")], [], [Run(old, Builtin)], NoLogits);
        ReportView view = new ReportBuilder(set, Matrix.Catalogue.Load(Path.Combine(Repository(), "matrix"))).Build("t");
        KnownIssueView issue = view.KnownIssues.Single();
        Assert.That((issue.Cells, issue.Seen), Is.EqualTo((old.ToString(), "yes")));
        Assert.That(view.Cells.Select(c => c.Verdict.Word), Is.All.EqualTo("works"));
    }

    private static string Repository()
    {
        DirectoryInfo directory = new(TestContext.CurrentContext.TestDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "harness.sln"))) directory = directory.Parent!;
        return directory.FullName;
    }

    [Test]
    public void A_template_that_names_what_is_not_there_is_refused() =>
        Assert.That(() => new MarkdownReport("{{Nothing}}").Render(new ReportBuilder(new ReceiptSet([], [], [], NoLogits)).Build("t")),
            Throws.TypeOf<ReportException>().With.Message.Contain("Nothing"));

    private static readonly LogitsStore NoLogits = new("none");

    private static string Render(ReceiptSet set)
    {
        string template = File.ReadAllText(Path.Combine(TestContext.CurrentContext.TestDirectory, "templates", "report.md.hbs"));
        return new MarkdownReport(template).Render(new ReportBuilder(set).Build("Model compatibility"));
    }

    private static RunRecord Run(params Cell[] planned) =>
        new("r1", DateTimeOffset.UnixEpoch, Machine, "default", "harness run", planned);

    private static Receipt Make(Cell cell, string text = "", FailureRecord? f = null) => ReceiptJson.WithId(new Receipt
    {
        Kind = ReceiptKind.Run,
        Run = "r1",
        Attempt = 1,
        Started = new DateTimeOffset(2026, 11, 21, 12, 0, 0, TimeSpan.Zero),
        Cell = cell,
        Subject = new Subject
        {
            Files = [new FileDigest("nano.gguf", new string('a', 64), 1_400_000)],
            Backend = cell.Backend,
            Hardware = "cpu",
            PromptsDigest = "p",
            Options = new RunOptions(512, "F16", 2),
        },
        Evidence = Evidence.Trained,
        Source = new SourceFacts(Origin.Quantized, Parent: "nano F16"),
        Model = new ModelFacts("llama", "nano", 2_000_000, 1_400_000, [new("Q4_K", 20), new("F32", 7)], "Q4_K", 256, 512, "gpt2 qwen2", [new("GQA", "4:2"), new("tied output", "no")]),
        Backend = new BackendFacts("llama.cpp", "v0.5.0", "abc", "npm @node-llama-cpp/linux-x64", "3.22.1", new string('d', 64), "AVX2", [new("cpu", "A processor", null)]),
        Machine = Machine,
        Stages = f is null ? [new StageRecord(Stage.Load, Outcome.Ok, 2)] : [new StageRecord(Stage.Load, Outcome.Failed, 2, Failure: f)],
        Checks = f is null ? [new CheckRecord(Check.Generate, Outcome.Ok, 3), new CheckRecord(Check.Tokenize, Outcome.Ok, 1)] : [],
        Generations = f is not null ? [] :
        [
            new GenerationRecord
            {
                Prompt = "one-plus-one", PromptText = "1+1=", PromptIds = [1, 2], IdsFrom = "llama.cpp@v0.5.0", MaxTokens = 4,
                Ids = [5, 6, 7], Bytes = Convert.ToBase64String(Encoding.UTF8.GetBytes(text)), Text = text, StopReason = "length",
                Expectations = [new Expectation("contains", "2")], PrefillMilliseconds = 1, DecodeMilliseconds = 2, OutsideMilliseconds = 4,
            },
        ],
        Timings = f is not null ? null : new TimingFacts(2, 3, 50, 1, 120.4, 61.23, 10, 80),
        Memory = f is not null ? null : new MemoryFacts(64_000_000, "wait4"),
        Command = "harness run --model nano --quant Q4_K_M --backend builtin --hardware cpu",
    });
}
