using Harness.Receipts;
using Harness.Receipts.Comparisons;
using Harness.Receipts.Store;
using NUnit.Framework;

namespace Harness.Reporting.Tests;

[TestFixture]
public sealed class ArchitecturesPageSpecs
{
    private const string Newest = "llama.cpp@v0.5.0", Older = "llama.cpp@b8390";
    private const string Unknown = "error loading model architecture: unknown model architecture: 'talkie'";

    [Test]
    public void A_backend_that_does_not_know_an_architecture_is_quoted_once_for_all_quantizations()
    {
        Receipt[] old = [Make("F16", Older, Refuse(FailureKind.Unsupported)), Make("Q8_0", Older, Refuse(FailureKind.Unsupported))];
        ArchitecturesView view = View(new ReceiptSet(old, [], [Plan(old)], NoLogits));
        Assert.That(view.Refusals.Select(r => (r.Backend, r.Architecture, r.Quants, r.Message)), Is.EqualTo(new[] { (Older, "talkie", "F16, Q8_0", Unknown) }));
        Assert.That(view.Rows.Single().Verdicts, Is.EqualTo(new[] { "unsupported ❌" }));
        Assert.That(view.Summary, Is.EqualTo(new[] { $"{Older}: 0 of 1 architectures work at every quantization, 1 is not known to it" }));
        Assert.That(Render(view), Does.Contain($"`{Unknown}`"));
    }

    [Test]
    public void The_error_shown_is_that_of_the_builtin_engine_against_the_reference_and_one_beyond_its_limit_is_marked()
    {
        Receipt[] right = [Make("F16", Newest), Make("F16", "builtin"), Make("F16", Older)];
        Receipt[] wrong = [Make("Q8_0", Newest), Make("Q8_0", "builtin")];
        Comparison[] comparisons =
        [
            Compare(right[1], right[0], 2e-7), Compare(right[2], right[0], 9e-7), Compare(wrong[1], wrong[0], 0.5),
        ];
        ArchitecturesView view = View(new ReceiptSet([.. right, .. wrong], comparisons, [Plan([.. right, .. wrong])], NoLogits));
        Assert.That(view.Rows.Single().Errors, Is.EqualTo(new[] { "2.0e-7", "5.0e-1 ⚠️" }));
        Assert.That(view.Rows.Single().Verdicts[view.Backends.ToList().IndexOf("builtin")], Is.EqualTo("1 of 2 works, 1 differs ⚠️"));
    }

    [Test]
    public void What_was_planned_and_not_tried_says_so_and_is_no_refusal()
    {
        ArchitecturesView view = View(new ReceiptSet([], [], [Plan([Make("F16", "builtin")])], NoLogits));
        Assert.That((view.Rows.Single().Errors.Single(), view.Rows.Single().Architecture), Is.EqualTo(("untested", "–")));
        Assert.That(view.Refusals, Is.Empty);
    }

    [Test]
    public void Every_table_row_has_as_many_cells_as_its_header()
    {
        Receipt[] some = [Make("F16", Newest), Make("F16", "builtin"), Make("Q8_0", Older, Refuse(FailureKind.Error))];
        string page = Render(View(new ReceiptSet(some, [Compare(some[1], some[0], 1e-7)], [Plan(some)], NoLogits)));
        int columns = 0;
        foreach (string line in page.Split('\n'))
        {
            int pipes = line.Replace("\\|", "", StringComparison.Ordinal).Count(c => c == '|');
            if (pipes == 0) columns = 0;
            else if (columns == 0) columns = pipes;
            else Assert.That(pipes, Is.EqualTo(columns), line);
        }
    }

    [Test]
    public void A_feature_that_has_no_column_of_its_own_is_told_too()
    {
        Receipt receipt = Make("F16", "builtin");
        StructureView structure = View(new ReceiptSet([receipt], [], [Plan([receipt])], NoLogits)).Structures.Single();
        Assert.That(
            (structure.Attention, structure.Position, structure.Biases, structure.TiedOutput, structure.Others),
            Is.EqualTo(("gqa 6:2 × 32", "rope-neox, yarn ×4", "feed-forward", "no", "embedding-norm rms, attention-sinks")));
    }

    private static readonly LogitsStore NoLogits = new("none");

    private static readonly MachineFacts Machine = new("Linux 6.1", "x64", "A processor", 2, 1L << 34, ".NET 10.0.0", "0.1.0");

    private static ArchitecturesView View(ReceiptSet set) => new ArchitecturesBuilder(set).Build("Architectures");

    private static string Render(ArchitecturesView view) => new MarkdownReport(File.ReadAllText(
        Path.Combine(TestContext.CurrentContext.TestDirectory, "templates", "architectures.md.hbs"))).Render(view);

    private static RunRecord Plan(IReadOnlyList<Receipt> receipts) =>
        new("r1", DateTimeOffset.UnixEpoch, Machine, "architectures", "harness run --profile architectures", [.. receipts.Select(r => r.Cell)]);

    private static FailureRecord Refuse(FailureKind kind) => new(kind, Unknown);

    private static Comparison Compare(Receipt receipt, Receipt reference, double nmse) => new()
    {
        Receipt = receipt.Id,
        Reference = reference.Id,
        Backend = receipt.Cell.Backend,
        ReferenceBackend = reference.Cell.Backend,
        InputsDigest = receipt.Subject.InputsDigest,
        WeightType = receipt.Model!.WeightType,
        Logits = new LogitsDifference(8, nmse, 1, nmse, 0.01, 0, 0, 8, 8, 0),
    };

    private static Receipt Make(string quant, string backend, FailureRecord? failure = null) => ReceiptJson.WithId(new Receipt
    {
        Kind = ReceiptKind.Run,
        Run = "r1",
        Attempt = 1,
        Started = new DateTimeOffset(2026, 11, 21, 12, 0, 0, TimeSpan.Zero),
        Cell = new Cell("probe-talkie", quant, backend, "cpu"),
        Subject = new Subject
        {
            Files = [new FileDigest($"probe-{quant}.gguf", new string('a', 64), 1_400_000)],
            Backend = backend,
            Hardware = "cpu",
            PromptsDigest = "p",
            Options = new RunOptions(512, "F16", 2),
        },
        Evidence = Evidence.Probe,
        Source = new SourceFacts(Origin.Forged),
        Model = new ModelFacts("talkie", "probe", 2_000_000, 1_400_000, [new(quant, 20)], quant, 256, 512, "gpt2 qwen2",
        [
            new("architecture", "talkie"), new("attention", "gqa"), new("heads", "6"), new("kv-heads", "2"), new("key-length", "32"),
            new("position", "rope-neox"), new("rope-scaling", "yarn ×4"), new("feed-forward-bias", "yes"), new("tied-output", "no"),
            new("embedding-norm", "rms"), new("attention-sinks", "yes"), new("recurrent", "no"),
        ]),
        Machine = Machine,
        Stages = [new StageRecord(Stage.Load, failure is null ? Outcome.Ok : Outcome.Failed, 2, Failure: failure)],
        Checks = failure is null ? [new CheckRecord(Check.Generate, Outcome.Ok, 3), new CheckRecord(Check.Score, Outcome.Ok, 1)] : [],
        Command = "harness run --model probe-talkie",
    });
}
