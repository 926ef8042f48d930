using Harness.Matrix;
using Harness.Receipts;
using Harness.Receipts.Comparisons;
using Harness.Receipts.Store;
using Harness.Receipts.Verdicts;

namespace Harness.Reporting;

/// <summary>
/// Finds the causes of what went wrong, by the catalogue. Pure: the same records always have the same causes. The first
/// entry that fits a symptom is its cause.
/// </summary>
/// <param name="catalogue">Causes, and what builds know.</param>
/// <param name="set">The receipts beside it: what another build made of the same model is evidence too.</param>
public sealed class CauseMatcher(Catalogue catalogue, ReceiptSet set)
{
    private readonly ILookup<string, Comparison> _comparisons = set.Comparisons
        .SelectMany(c => new[] { (Id: c.Receipt, Comparison: c), (Id: c.Reference, Comparison: c) }).ToLookup(c => c.Id, c => c.Comparison);

    /// <summary>Explains a receipt: one explanation for each thing that went wrong, in the order it did.</summary>
    /// <param name="receipt">A receipt.</param>
    /// <returns>The explanations; none where nothing went wrong.</returns>
    public IReadOnlyList<Explanation> Explain(Receipt receipt)
    {
        ArgumentNullException.ThrowIfNull(receipt);
        Verdict verdict = VerdictOf(receipt);
        return [.. Symptoms.Of(receipt, verdict).Select(symptom => Explain(receipt, verdict, symptom)).DistinctBy(e => e.Cause?.Id ?? e.Symptom.Message)];
    }

    /// <summary>The verdict of a receipt, by its comparisons.</summary>
    /// <param name="receipt">A receipt.</param>
    public Verdict VerdictOf(Receipt receipt)
    {
        ArgumentNullException.ThrowIfNull(receipt);
        return VerdictRules.Derive(receipt, [.. _comparisons[receipt.Id]]);
    }

    private Explanation Explain(Receipt receipt, Verdict verdict, Symptom symptom)
    {
        foreach (Cause cause in catalogue.Causes)
        {
            foreach (CausePattern pattern in cause.When)
            {
                if (!pattern.Fits(symptom, out IReadOnlyDictionary<string, string> found)) continue;
                var facts = new CauseFacts(receipt, symptom, found, catalogue.Knowledge, set.Receipts);
                return new Explanation(
                    receipt, verdict, symptom, cause, Cause.Fill(cause.Title, facts.Value), EvidenceOf(receipt, symptom, pattern),
                    Cause.Fill(cause.Meaning, facts.Value), Cause.Fill(cause.Advice, facts.Value));
            }
        }

        return new Explanation(
            receipt, verdict, symptom, null, "no known cause fits", EvidenceOf(receipt, symptom, null),
            "What was seen is all that is known; nothing of it is lost: the receipt holds the message, the log and the environment.",
            $"Repeat it with '{receipt.Command}'. If it happens again, report it to the backend's makers with this evidence, and describe the cause in matrix/causes.yaml.");
    }

    private static List<EvidenceLine> EvidenceOf(Receipt receipt, Symptom symptom, CausePattern? pattern)
    {
        List<EvidenceLine> lines = [new(symptom.Stage, symptom.Signal is { } signal ? $"{signal}: {symptom.Message}" : symptom.Message)];
        FailureRecord? failure = receipt.Stages.Select(s => s.Failure).Concat(receipt.Checks.Select(c => c.Failure)).FirstOrDefault(f => f?.Message == symptom.Message);
        if (failure is { Suspected: true, Why: { } why }) lines.Add(new("suspected", why));

        // What a backend reported is said in its message; what it died of, only its log says.
        bool said = pattern is { Log: null } && symptom.Kind != "crash";
        if (!said && symptom.Log is { Length: > 0 } log) lines.Add(new("log", log));
        if (symptom.Kind is "out-of-memory" or "blocked" && receipt.Stages.FirstOrDefault(s => s.Stage == Stage.Fit)?.Reason is { } fit) lines.Add(new("fit", fit));
        if (symptom.Kind == "out-of-memory" && receipt.Memory is { } memory) lines.Add(new("memory", $"peak {Words.Size(memory.PeakResidentBytes)} ({memory.How})"));
        return lines;
    }
}
