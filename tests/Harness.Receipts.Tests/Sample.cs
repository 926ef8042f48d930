using System.Text;
using Harness.Receipts.Comparisons;

namespace Harness.Receipts.Tests;

/// <summary>Small records to start from.</summary>
internal static class Sample
{
    public static readonly MachineFacts Machine = new("Linux 6.1", "x64", "A processor", 2, 1L << 34, ".NET 10.0.0", "0.1.0");

    public static Receipt Receipt(
        string backend = "builtin", Evidence evidence = Evidence.Probe, string text = " 2", Expectation? expectation = null)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return ReceiptJson.WithId(new Receipt
        {
            Kind = ReceiptKind.Run,
            Run = "r1",
            Attempt = 1,
            Started = new DateTimeOffset(2026, 11, 21, 12, 0, 0, TimeSpan.Zero),
            Cell = new Cell("nano", "F16", backend, "cpu"),
            Subject = new Subject
            {
                Files = [new FileDigest("nano.gguf", new string('a', 64), 100)],
                Backend = backend,
                Hardware = "cpu",
                PromptsDigest = "p",
                Options = new RunOptions(512, "F16", 2),
            },
            Evidence = evidence,
            Source = new SourceFacts(Origin.Trained),
            Machine = Machine,
            Stages = [new StageRecord(Stage.Resolve, Outcome.Ok, 1), new StageRecord(Stage.Load, Outcome.Ok, 2.5)],
            Checks = [new CheckRecord(Check.Generate, Outcome.Ok, 3)],
            Generations =
            [
                new GenerationRecord
                {
                    Prompt = "one-plus-one", PromptText = "1+1=", PromptIds = [1, 2], IdsFrom = "builtin", MaxTokens = 4,
                    Ids = [5, 6, 7], Bytes = Convert.ToBase64String(bytes), Text = text, StopReason = "length",
                    Expectations = expectation is null ? [] : [expectation],
                    PrefillMilliseconds = 1, DecodeMilliseconds = 2, OutsideMilliseconds = 4,
                },
            ],
            Command = "harness run --model nano",
        });
    }

    public static Receipt Failed(FailureKind kind, string message = "it broke") => ReceiptJson.WithId(Receipt() with
    {
        Stages = [new StageRecord(Stage.Load, Outcome.Failed, 1, Failure: new FailureRecord(kind, message))],
        Checks = [],
    });

    public static Comparison Comparison(Receipt judged, Receipt reference, double nmse, string weightType = "F16", bool peers = false) =>
        ReceiptJson.WithId(new Comparison
        {
            Receipt = judged.Id,
            Reference = reference.Id,
            Backend = judged.Cell.Backend,
            ReferenceBackend = reference.Cell.Backend,
            InputsDigest = "x",
            WeightType = weightType,
            Peers = peers,
            Logits = new LogitsDifference(24, nmse, 3, nmse * 2, 0.1, 0, 0, 20, 20, 0),
        });
}
