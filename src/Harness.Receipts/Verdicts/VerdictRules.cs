using System.Globalization;
using Harness.Receipts.Comparisons;

namespace Harness.Receipts.Verdicts;

/// <summary>
/// The rules that turn a receipt and its comparisons into a verdict. Pure: the same records always mean the same.
/// </summary>
public static class VerdictRules
{
    /// <summary>The rules' version; a change of meaning raises it.</summary>
    public const int Version = 1;

    /// <summary>Derives a verdict.</summary>
    /// <param name="receipt">The receipt, or null when the cell has none.</param>
    /// <param name="comparisons">All comparisons that name the receipt on either side; others are ignored.</param>
    /// <returns>The verdict.</returns>
    public static Verdict Derive(Receipt? receipt, IReadOnlyList<Comparison> comparisons)
    {
        ArgumentNullException.ThrowIfNull(comparisons);
        if (receipt is null) return new Verdict(VerdictKind.Untested, "plan", "in the matrix, no receipt");
        string stage = receipt.LastReached();
        if (receipt.FirstFailure() is { } failure) return new Verdict(FromFailure(failure), stage, Quote(failure));
        CheckRecord? generate = receipt.Checks.FirstOrDefault(c => c.Check == Check.Generate);
        if (generate is null || generate.Outcome != Outcome.Ok)
        {
            return new Verdict(
                VerdictKind.Blocked, stage, generate?.Reason ?? (receipt.Stages.Count > 0 ? receipt.Stages[^1].Reason : null) ?? "generation was not tried");
        }

        Comparison[] asJudged = [.. comparisons.Where(c => c.Receipt == receipt.Id)];
        Comparison[] asReference = [.. comparisons.Where(c => c.Reference == receipt.Id)];
        return receipt.Evidence == Evidence.Trained
            ? JudgeTrained(receipt, stage, asJudged, asReference)
            : JudgeProbe(stage, asJudged, asReference);
    }

    /// <summary>Whether a verdict settles a cell, so that a resumed run leaves it alone.</summary>
    /// <param name="kind">The verdict.</param>
    public static bool IsSettled(VerdictKind kind) =>
        kind is not (VerdictKind.Blocked or VerdictKind.Error or VerdictKind.Untested);

    /// <summary>Whether a comparison says that the two agree.</summary>
    /// <param name="comparison">The comparison.</param>
    /// <returns>True or false, or null when there is nothing to go by.</returns>
    public static bool? Agrees(Comparison comparison)
    {
        ArgumentNullException.ThrowIfNull(comparison);
        if (comparison.Logits is { } logits) return logits.AgreesWithin(Tolerance.ForWeightType(comparison.WeightType));
        if (comparison.Generations.Count == 0) return null;
        // Without logits a divergence counts only where the reference was sure: half a nat between first and second.
        return !comparison.Generations.Any(g => g.FirstDivergence is not null && g.Margin is > 0.5);
    }

    /// <summary>A comparison in words.</summary>
    /// <param name="comparison">The comparison.</param>
    /// <param name="other">The backend on the other side.</param>
    public static string Describe(Comparison comparison, string other)
    {
        ArgumentNullException.ThrowIfNull(comparison);
        if (comparison.Logits is { } l)
        {
            string tolerance = Number(Tolerance.ForWeightType(comparison.WeightType));
            string text = $"NMSE {Number(l.Nmse)} against {other} (limit {tolerance} at {comparison.WeightType})";
            if (Agrees(comparison) == true) return text;
            if (l.NotFinite > 0) return $"{l.NotFinite} logits not finite on one side against {other}";
            return $"{text}, worst at position {l.WorstPosition} ({Number(l.WorstPositionNmse)}), top-1 {l.TopAgree} of {l.TopCounted}";
        }

        GenerationDifference? first = comparison.Generations.FirstOrDefault(g => g.FirstDivergence is not null);
        return first is null
            ? $"the same ids as {other}"
            : $"'{first.Prompt}' diverges from {other} at token {first.FirstDivergence}"
                + (first.Margin is { } margin ? $" (margin {Number(margin)} nats)" : "");
    }

    private static Verdict JudgeProbe(string stage, Comparison[] asJudged, Comparison[] asReference)
    {
        // A disagreement with the reference decides against the receipt; the reference itself is not judged by those
        // who differ from it, but it is established only by an independent engine that agrees.
        if (asJudged.FirstOrDefault(c => !c.Peers && Agrees(c) == false) is { } against)
            return new Verdict(VerdictKind.Differs, stage, Describe(against, against.ReferenceBackend));
        if (IndependentAgreement(asJudged, asReference) is { } agreement) return new Verdict(VerdictKind.Works, stage, agreement);
        if (asReference.FirstOrDefault(c => c.Independent && Agrees(c) == false) is { } other)
            return new Verdict(VerdictKind.Runs, stage, $"no independent engine agrees: {Describe(other, other.Backend)}");
        if (asJudged.FirstOrDefault(c => c.Independent && Agrees(c) == false) is { } peer)
            return new Verdict(VerdictKind.Runs, stage, $"no independent engine agrees: {Describe(peer, peer.ReferenceBackend)}");
        return new Verdict(VerdictKind.Runs, stage, "no independent engine computed the same inputs");
    }

    private static Verdict JudgeTrained(Receipt receipt, string stage, Comparison[] asJudged, Comparison[] asReference)
    {
        foreach (GenerationRecord generation in receipt.Generations)
        {
            string? degenerate = DegenerateText.Describe(
                generation.Ids, Convert.FromBase64String(generation.Bytes), generation.StopReason);
            foreach (Expectation expectation in generation.Expectations)
            {
                if (Expectations.Holds(expectation, generation.Text)) continue;
                string said = degenerate is null ? $"said {Shorten(generation.Text)}" : $"text is degenerate ({degenerate})";
                return new Verdict(
                    VerdictKind.Differs, stage,
                    $"'{generation.Prompt}' should {Words(expectation)}, {said}");
            }

            if (degenerate is not null && generation.Expectations.Count > 0)
                return new Verdict(VerdictKind.Differs, stage, $"'{generation.Prompt}': text is degenerate ({degenerate})");
        }

        if (asJudged.FirstOrDefault(c => !c.Peers && Agrees(c) == false) is { } against)
            return new Verdict(VerdictKind.Differs, stage, Describe(against, against.ReferenceBackend));
        int expected = receipt.Generations.Count(g => g.Expectations.Count > 0);
        string? agreement = IndependentAgreement(asJudged, asReference);
        if (expected > 0)
        {
            string held = $"{expected} of {expected} prompts as expected";
            return new Verdict(VerdictKind.Works, stage, agreement is null ? held : $"{held}; {agreement}");
        }

        return agreement is not null
            ? new Verdict(VerdictKind.Works, stage, agreement)
            : new Verdict(VerdictKind.Runs, stage, "no expectation, and no independent engine computed the same inputs");
    }

    private static string? IndependentAgreement(Comparison[] asJudged, Comparison[] asReference)
    {
        if (asJudged.FirstOrDefault(c => c.Independent && Agrees(c) == true) is { } judged)
            return Describe(judged, judged.ReferenceBackend);
        return asReference.FirstOrDefault(c => c.Independent && Agrees(c) == true) is { } reference
            ? Describe(reference, reference.Backend)
            : null;
    }

    private static VerdictKind FromFailure(FailureRecord failure) => failure.Kind switch
    {
        FailureKind.Unsupported => VerdictKind.Unsupported,
        FailureKind.Crash => VerdictKind.Crashes,
        FailureKind.Timeout => VerdictKind.TimesOut,
        FailureKind.OutOfMemory => VerdictKind.OutOfMemory,
        FailureKind.Refused or FailureKind.Blocked => VerdictKind.Blocked,
        FailureKind.HarnessError => VerdictKind.Error,
        _ => VerdictKind.Fails,
    };

    private static string Quote(FailureRecord failure)
    {
        string text = failure.Signal is null ? failure.Message : $"{failure.Signal}: {failure.Message}";

        // What a process said last is as near to its reason as can be known: an assertion, the name of a function.
        if (failure.Kind == FailureKind.Crash && LastLine(failure.Log) is { } last) text = $"{text}; its log ended with: {last}";
        return failure.Suspected ? $"{text} (suspected: {failure.Why})" : text;
    }

    private static string? LastLine(string? log) =>
        log?.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).LastOrDefault();

    private static string Words(Expectation expectation) => expectation.Predicate switch
    {
        "contains" => $"contain {Shorten(expectation.Value)}",
        "not-contains" => $"not contain {Shorten(expectation.Value)}",
        "starts-with" => $"start with {Shorten(expectation.Value)}",
        "equals" => $"be {Shorten(expectation.Value)}",
        _ => $"match {Shorten(expectation.Value)}",
    };

    private static string Shorten(string text)
    {
        string line = text.ReplaceLineEndings("⏎");
        return $"\"{(line.Length <= 48 ? line : line[..47] + "…")}\"";
    }

    private static string Number(double value) => value == 0 ? "0" : value.ToString("0.0e+0", CultureInfo.InvariantCulture);
}
