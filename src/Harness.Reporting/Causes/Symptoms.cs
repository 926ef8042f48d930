using Harness.Matrix;
using Harness.Receipts;
using Harness.Receipts.Verdicts;

namespace Harness.Reporting;

/// <summary>What went wrong in a try, in the order of its stages and checks.</summary>
internal static class Symptoms
{
    // The end of a log is about what ended there; further up it may be about another model of the same worker.
    private const int LogLines = 5;

    /// <summary>The last lines of a log.</summary>
    public static IReadOnlyList<string> LastLines(string? log) =>
        [.. (log ?? "").Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).TakeLast(LogLines)];

    public static IReadOnlyList<Symptom> Of(Receipt receipt, Verdict verdict)
    {
        var found = new List<Symptom>();
        foreach (StageRecord stage in receipt.Stages) Add(Receipt.StageName(stage.Stage), stage.Failure);
        if (OtherDevice(receipt) is { } other) found.Add(Make("other-device", "load", other));
        bool hasFindings = receipt.Chat is { Findings.Count: > 0 };
        foreach (CheckRecord check in receipt.Checks)
        {
            // The chat check's findings say more than its failure, which sums them up.
            if (check.Check != Check.Chat || !hasFindings) Add(Receipt.CheckName(check.Check), check.Failure);
        }

        foreach (ChatFinding finding in receipt.Chat?.Findings ?? []) found.Add(Make(Wire.Name(finding.Kind), "chat", finding.Detail));
        if (verdict.Kind == VerdictKind.Differs) found.Add(Make("differs", verdict.Stage, verdict.Reason));
        if (verdict.Kind == VerdictKind.Blocked && found.Count == 0) found.Add(Make("not-tried", verdict.Stage, verdict.Reason));
        // A worker that dies takes several checks with it, all of one cause.
        return [.. found.DistinctBy(symptom => (symptom.Kind, symptom.Message))];

        void Add(string stage, FailureRecord? failure)
        {
            if (failure is not null) found.Add(Make(Wire.Name(failure.Kind), stage, failure.Message) with { Signal = failure.Signal, Log = string.Join('\n', LastLines(failure.Log)) });
        }

        Symptom Make(string kind, string stage, string message) => new(kind, stage, message, receipt.Cell.Backend, receipt.Model?.Architecture);
    }

    /// <summary>Asked for a device of its own and computed without one: no error says so.</summary>
    private static string? OtherDevice(Receipt receipt)
    {
        if (receipt.Cell.Hardware == "cpu" || receipt.Backend is not { Devices.Count: > 0 } backend) return null;
        if (!receipt.Stages.Any(s => s is { Stage: Stage.Load, Outcome: Outcome.Ok })) return null;
        return backend.Devices.Any(device => device.Api == receipt.Cell.Hardware)
            ? null
            : $"asked for {receipt.Cell.Hardware}, computed on {string.Join(", ", backend.Devices.Select(d => $"{d.Api} ({d.Name})"))}";
    }
}
