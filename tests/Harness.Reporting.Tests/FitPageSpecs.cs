using Harness.Receipts;
using Harness.Receipts.Store;
using NUnit.Framework;

namespace Harness.Reporting.Tests;

/// <summary>The page of memory shows predictions beside measurements, errors as they are.</summary>
[TestFixture]
public sealed class FitPageSpecs
{
    private const long Mebibyte = 1L << 20;

    [Test]
    public void An_error_within_a_twentieth_or_64_MiB_is_within_and_others_are_shown_too()
    {
        Receipt[] receipts =
        [
            Make("small", 512, predicted: 163, measured: 100), Make("small", 4096, predicted: 165, measured: 100),
            Make("large", 512, predicted: 2_090, measured: 2_000), Make("large", 4096, predicted: 1_890, measured: 2_000),
            Make("failed", 512, predicted: 100, measured: null),
        ];
        FitView view = new FitBuilder(new ReceiptSet(receipts, [], [], new LogitsStore("none"))).Build("Memory");
        Assert.Multiple(() =>
        {
            Assert.That((view.Count, view.Within), Is.EqualTo((4, 2)));
            Assert.That(view.Rows.Select(r => r.Within), Is.EquivalentTo(new[] { "yes", "no", "yes", "no" }));
            Assert.That(view.Rows.Select(r => r.Error), Does.Contain("-110 MiB, -5.5 %").And.Contain("+63 MiB, +63.0 %"));
            Assert.That(view.Backends.Single().Worst, Does.StartWith("-110 MiB, -5.5 % (large"));
            Assert.That(view.Backends.Single().Missing, Does.Contain("failed Q8_0: out of memory"));
        });
        string page = new MarkdownReport(File.ReadAllText(Path.Combine(TestContext.CurrentContext.TestDirectory, "templates", "fit.md.hbs"))).Render(view);
        Assert.That(page, Does.Contain("2 of 4 predictions are within 5 % or 64 MiB").And.Contain("| large | Q8\\_0 | builtin | 4,096 |").Or.Contain("| large | Q8_0 | builtin | 4,096 |"));
    }

    [Test]
    public void The_newest_of_repetitions_counts()
    {
        Receipt[] receipts = [Make("small", 512, 100, 500), Make("small", 512, 100, 100, minute: 1)];
        Assert.That(new FitBuilder(new ReceiptSet(receipts, [], [], new LogitsStore("none"))).Build("Memory").Within, Is.EqualTo(1));
    }

    private static Receipt Make(string model, int context, long predicted, long? measured, int minute = 0) => ReceiptJson.WithId(new Receipt
    {
        Kind = ReceiptKind.Fit,
        Run = "r1",
        Attempt = 1,
        Started = new DateTimeOffset(2026, 11, 21, 12, minute, 0, TimeSpan.Zero),
        Cell = new Cell(model, "Q8_0", "builtin", "cpu"),
        Subject = new Subject
        {
            Files = [new FileDigest("m.gguf", new string('a', 64), 1_400_000)],
            Backend = "builtin",
            Hardware = "cpu",
            PromptsDigest = "p",
            Options = new RunOptions(context, "F16", 2),
        },
        Evidence = Evidence.Probe,
        Source = new SourceFacts(Origin.Forged),
        Machine = new MachineFacts("Linux 6.1", "x64", "A processor", 2, 1L << 34, ".NET 10.0.0", "0.1.0"),
        Stages = measured is null ? [new StageRecord(Stage.Load, Outcome.Failed, 2, Failure: new FailureRecord(FailureKind.OutOfMemory, "out of memory"))] : [],
        Checks = [],
        Memory = measured is { } bytes ? new MemoryFacts(bytes * Mebibyte, "rusage") : null,
        PredictedMemory = new PredictedMemory(predicted * Mebibyte, context, [new PredictedPart("weights", predicted * Mebibyte)]),
        Command = "harness fit",
    });
}
