using Harness.Receipts;
using Harness.Receipts.Store;
using NUnit.Framework;

namespace Harness.Reporting.Tests;

/// <summary>What a chat template can do, and what backends make of it, from receipts alone.</summary>
[TestFixture]
public sealed class ChatPageSpecs
{
    private static readonly ChatTemplateFacts Gemma = new(
        new string('c', 64), null, "refused", "System role not supported", "ignored", false, "<start_of_turn>model\n", "<end_of_turn>", true, "both");

    [Test]
    public void A_row_says_system_role_tools_end_of_turn_and_bos()
    {
        ChatRow row = View(Make("builtin", Gemma, new CheckRecord(Check.Chat, Outcome.Ok, 1, "folded"), "System role not supported")).Rows.Single();
        Assert.That(
            (row.Family, row.System, row.Tools, row.GenerationPrompt, row.EndOfTurn, row.Bos, row.Checks.Single()),
            Is.EqualTo(("gemma2", "refused: System role not supported", "ignored", "<start_of_turn>model\\n", "<end_of_turn>, stops", "both", "ok, folded")));
    }

    [Test]
    public void A_model_without_a_template_is_not_given_one()
    {
        Receipt receipt = Make("builtin", null, new CheckRecord(Check.Chat, Outcome.Skipped, 0, "the file has no chat template; none is applied in its stead"));
        ChatView view = View(receipt);
        Assert.That((view.Rows.Single().Template, view.Rows.Single().Checks.Single()), Is.EqualTo(("none", "no template")));
        Assert.That(view.Remarks.Single().Text, Does.Contain("none is applied in its stead"));
    }

    [TestCase(ChatFindingKind.AnotherTemplate, "other template")]
    [TestCase(ChatFindingKind.DoubleBos, "double BOS")]
    [TestCase(ChatFindingKind.RanPastEndOfTurn, "ran past its turn")]
    [TestCase(ChatFindingKind.LeakedSpecialTokens, "leaked tokens")]
    public void A_finding_is_the_word_of_the_column_and_never_of_the_verdict(ChatFindingKind kind, string word)
    {
        Receipt receipt = Make("builtin", Gemma, new CheckRecord(Check.Chat, Outcome.Failed, 1, Failure: new FailureRecord(FailureKind.Error, "what was seen")), null, new ChatFinding(kind, "x"));
        var set = new ReceiptSet([receipt], [], [], new LogitsStore("none"));
        CellView cell = new ReportBuilder(set).Build("t").Cells.Single();
        Assert.That((cell.Chat, cell.ChatRemark, cell.Verdict.Word), Is.EqualTo((word, "what was seen", "runs")));
        Assert.That(View(receipt).Remarks.Single().Word, Is.EqualTo(word));
    }

    [Test]
    public void The_page_is_filled_from_its_template()
    {
        ChatView view = View(Make("builtin", Gemma, new CheckRecord(Check.Chat, Outcome.Ok, 1)), Make("llama.cpp@v0.5.0", Gemma, new CheckRecord(Check.Chat, Outcome.Ok, 1)));
        string page = new MarkdownReport(File.ReadAllText(Path.Combine(TestContext.CurrentContext.TestDirectory, "templates", "chat.md.hbs"))).Render(view);
        Assert.That(page, Does.Contain("| `builtin` | `llama.cpp@v0.5.0` |").And.Contain("| gemma2 | gemma |").And.Contain("`<end_of_turn>, stops`"));
    }

    private static ChatView View(params Receipt[] receipts) => new ChatBuilder(new ReceiptSet(receipts, [], [], new LogitsStore("none"))).Build("Chat templates");

    private static Receipt Make(string backend, ChatTemplateFacts? template, CheckRecord check, string? refusal = null, params ChatFinding[] findings) => ReceiptJson.WithId(new Receipt
    {
        Kind = ReceiptKind.Run,
        Run = "r1",
        Attempt = 1,
        Started = new DateTimeOffset(2026, 11, 21, 12, 0, 0, TimeSpan.Zero),
        Cell = new Cell("gemma", "Q8_0", backend, "cpu"),
        Subject = new Subject { Files = [new FileDigest("gemma.gguf", new string('a', 64), 1)], Backend = backend, Hardware = "cpu", PromptsDigest = "p", Options = new RunOptions(512, "F16", 2) },
        Evidence = Evidence.Probe,
        Source = new SourceFacts(Origin.Forged),
        Model = new ModelFacts("gemma2", "gemma", 2_000_000, 1_400_000, [new("Q8_0", 20)], "Q8_0", 256, 512, "llama", [], template),
        Machine = new MachineFacts("os", "x64", "A processor", 2, 1, ".NET", "0.1.0"),
        Stages = [new StageRecord(Stage.Load, Outcome.Ok, 2)],
        Checks = [new CheckRecord(Check.Generate, Outcome.Ok, 3), check],
        Chat = template is null ? null : new ChatRecord { Conversation = "c", PromptText = "p", PromptIds = [1], SystemRefusal = refusal, BackendTemplate = "the file's template", Findings = findings },
        Command = "harness run --model gemma",
    });
}
