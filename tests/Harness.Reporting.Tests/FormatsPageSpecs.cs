using Harness.Receipts;
using Harness.Receipts.Store;
using NUnit.Framework;

namespace Harness.Reporting.Tests;

/// <summary>The page of tensor formats says what receipts say, and leaves out what none says.</summary>
[TestFixture]
public sealed class FormatsPageSpecs
{
    private const string Other = "llama.cpp@v0.5.0";

    [Test]
    public void A_quantization_is_a_row_from_many_bits_to_few()
    {
        Receipt[] receipts =
        [
            Make("Q4_0", "builtin", new(4.5, 0.075, "nano F16"), 7.1), Make("Q4_0", Other, new(4.5, 0.075, "nano F16"), 7.2),
            Make("Q8_0", "builtin", new(8.5, 0.005, "nano F16"), 6.8), Make("IQ1_S", "builtin", new(1.6), null, Evidence.Probe),
        ];
        FormatsView view = new FormatsBuilder(new ReceiptSet(receipts, [], [], new LogitsStore("none"))).Build("Formats");
        Assert.Multiple(() =>
        {
            Assert.That(view.Rows.Select(r => r.Quant), Is.EqualTo(new[] { "Q8_0", "Q4_0", "IQ1_S" }));
            Assert.That(view.Rows.Select(r => r.Encodes), Is.EqualTo(new[] { "yes", "yes", "no" }));
            Assert.That(view.Rows.Select(r => r.Error), Is.EqualTo(new[] { "0.5 %", "7.5 %", "–" }));
            Assert.That(view.Rows.Select(r => r.Perplexity), Is.EqualTo(new[] { "6.8000", "7.1000", "–" }));
            Assert.That(view.Rows.Select(r => r.Others.Single()), Is.EqualTo(new[] { "–", "7.2000", "–" }));
            Assert.That(view.Rows.Select(r => r.Decodes), Is.All.EqualTo("yes"));
            Assert.That(view.Text, Does.StartWith("511 tokens"));
        });
    }

    private static Receipt Make(string quant, string backend, QuantizationFacts facts, double? perplexity, Evidence evidence = Evidence.Trained) =>
        ReceiptJson.WithId(new Receipt
        {
            Kind = ReceiptKind.Run,
            Run = "r1",
            Attempt = 1,
            Started = new DateTimeOffset(2026, 11, 21, 12, 0, 0, TimeSpan.Zero),
            Cell = new Cell(evidence == Evidence.Trained ? "nano" : "probe", quant, backend, "cpu"),
            Subject = new Subject
            {
                Files = [new FileDigest($"{quant}.gguf", new string('a', 64), 1_400_000)],
                Backend = backend,
                Hardware = "cpu",
                PromptsDigest = "p",
                Options = new RunOptions(512, "F16", 2),
            },
            Evidence = evidence,
            Source = new SourceFacts(Origin.Quantized),
            Machine = new MachineFacts("Linux 6.1", "x64", "A processor", 2, 1L << 34, ".NET 10.0.0", "0.1.0"),
            Stages = [new StageRecord(Stage.Load, Outcome.Ok, 2)],
            Checks = [new CheckRecord(Check.Generate, Outcome.Ok, 3)],
            Quantization = facts,
            Perplexity = perplexity is { } value ? new PerplexityRecord(value, 511, new string('b', 64), 5) : null,
            Command = "harness run",
        });
}
