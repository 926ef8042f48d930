namespace Harness.Receipts.Comparisons;

/// <summary>Relates receipts of the same inputs.</summary>
public static class ReceiptComparer
{
    /// <summary>Whether two receipts can be compared: same inputs, and both came far enough to have outputs.</summary>
    /// <param name="receipt">One receipt.</param>
    /// <param name="reference">The other.</param>
    public static bool Comparable(Receipt receipt, Receipt reference)
    {
        ArgumentNullException.ThrowIfNull(receipt);
        ArgumentNullException.ThrowIfNull(reference);
        return receipt.Id != reference.Id
            && receipt.Subject.InputsDigest == reference.Subject.InputsDigest
            && (receipt.Score is not null || receipt.Generations.Count > 0)
            && (reference.Score is not null || reference.Generations.Count > 0);
    }

    /// <summary>Compares two comparable receipts.</summary>
    /// <param name="receipt">The receipt that is judged.</param>
    /// <param name="reference">The receipt it is held against.</param>
    /// <param name="logits">Where both receipts' logits are found.</param>
    /// <param name="peers">Neither side is the run's reference.</param>
    /// <returns>The comparison, with its id.</returns>
    public static Comparison Compare(Receipt receipt, Receipt reference, Func<string, float[]?> logits, bool peers = false)
    {
        ArgumentNullException.ThrowIfNull(receipt);
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(logits);
        return ReceiptJson.WithId(new Comparison
        {
            Receipt = receipt.Id,
            Reference = reference.Id,
            Backend = receipt.Cell.Backend,
            ReferenceBackend = reference.Cell.Backend,
            Peers = peers,
            InputsDigest = receipt.Subject.InputsDigest,
            WeightType = receipt.Model?.WeightType ?? reference.Model?.WeightType ?? "unknown",
            Logits = CompareLogits(receipt.Score, reference.Score, logits),
            Generations = [.. CompareGenerations(receipt, reference)],
        });
    }

    private static LogitsDifference? CompareLogits(ScoreRecord? score, ScoreRecord? reference, Func<string, float[]?> logits)
    {
        if (score is null || reference is null) return null;
        if (!score.Ids.SequenceEqual(reference.Ids) || score.VocabularySize != reference.VocabularySize) return null;
        return logits(reference.LogitsSha256) is { } a && logits(score.LogitsSha256) is { } b && a.Length == b.Length
            ? LogitsComparer.Compare(a, b, score.VocabularySize)
            : null;
    }

    private static IEnumerable<GenerationDifference> CompareGenerations(Receipt receipt, Receipt reference)
    {
        foreach (GenerationRecord a in reference.Generations)
        {
            GenerationRecord? b = receipt.Generations.FirstOrDefault(g => g.Prompt == a.Prompt);
            if (b is null || !a.PromptIds.SequenceEqual(b.PromptIds)) continue;
            int same = 0;
            while (same < a.Ids.Count && same < b.Ids.Count && a.Ids[same] == b.Ids[same]) same++;
            bool diverges = same < a.Ids.Count || same < b.Ids.Count;
            yield return new GenerationDifference(
                a.Prompt,
                same,
                diverges ? same : null,
                diverges && same < a.Margins.Count ? a.Margins[same] : null,
                diverges && same < b.Ids.Count ? b.Ids[same] : null,
                diverges && same < a.Ids.Count ? a.Ids[same] : null);
        }
    }
}
