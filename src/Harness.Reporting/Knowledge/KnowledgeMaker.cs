using System.Globalization;
using Harness.Matrix;
using Harness.Receipts;
using Harness.Receipts.Comparisons;
using Harness.Receipts.Store;
using Harness.Receipts.Verdicts;

namespace Harness.Reporting;

/// <summary>
/// Gathers from receipts what each build knows. A name counts as known when a file that needs it was loaded, as unknown
/// only when the build says so in words: a file that fails for another reason says nothing of its types.
/// </summary>
public static class KnowledgeMaker
{
    private const int IdLength = 12;

    private static readonly string[] UnknownWords = ["unknown", "invalid", "unsupported", "not supported"];

    /// <summary>Gathers what the receipts of a folder show.</summary>
    /// <param name="set">The receipts, with their comparisons and runs.</param>
    /// <returns>What each versioned build on the CPU knows, from old to new.</returns>
    public static IReadOnlyList<BackendKnowledge> Make(ReceiptSet set)
    {
        ArgumentNullException.ThrowIfNull(set);
        ILookup<string, Comparison> comparisons = set.Comparisons
            .SelectMany(c => new[] { (Id: c.Receipt, Comparison: c), (Id: c.Reference, Comparison: c) }).ToLookup(c => c.Id, c => c.Comparison);
        var made = new List<BackendKnowledge>();
        foreach (IGrouping<string, Receipt> group in ReportBuilder.Newest(set.Receipts).Values
            .Where(r => r.Cell.Hardware == "cpu" && r.Model is { Architecture.Length: > 0 }).GroupBy(r => r.Cell.Backend))
        {
            if (!BackendId.TryParse(group.Key, out BackendId? backend) || backend.Version is null) continue;
            Try[] tries = [.. group.Select(r => new Try(r, VerdictRules.Derive(r, [.. comparisons[r.Id]])))];
            string? digest = tries.Select(t => t.Receipt.Backend?.Digest).OfType<string>().LastOrDefault();
            Receipt newest = tries.MaxBy(t => t.Receipt.Started)!.Receipt;
            made.Add(new BackendKnowledge(
                backend,
                digest,
                newest.Started.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
                set.Runs.LastOrDefault(r => r.Id == newest.Run)?.Command ?? newest.Command,
                // That a probe of an architecture fails is a fact of the architecture, whatever the reason.
                Facts(tries, r => [r.Model!.Architecture], "model architecture", t => t.Kind is not FailureKind.Unsupported && !t.Says("ggml type")),
                Facts(tries, r => r.Model!.TensorTypes.Select(t => t.Type), "ggml type", _ => false),
                Facts(tries, r => PreTokenizerOf(r) is { } pre ? [pre] : [], "pre-tokenizer", _ => false)));
        }

        return [.. made.OrderBy(k => k.Backend)];
    }

    /// <summary>For each name the best try that needs it: one that was loaded, else one that failed for the name's sake.</summary>
    private static KnownFact[] Facts(Try[] tries, Func<Receipt, IEnumerable<string>> names, string what, Func<Try, bool> tells) =>
    [
        .. tries.Where(t => t.Loaded || (t.AtLoad && (t.Says(what) || tells(t))))
            .SelectMany(t => names(t.Receipt).Distinct().Select(name => (Name: name, Try: t)))
            .GroupBy(t => t.Name, t => t.Try, StringComparer.Ordinal)
            .Select(group => (Name: group.Key, Best: group.OrderBy(t => t.Loaded ? 0 : 1).ThenBy(t => t.Verdict.Kind).First()))
            .Select(fact => new KnownFact(fact.Name, !fact.Best.Loaded && fact.Best.Says(what) ? "unsupported" : fact.Best.Word, fact.Best.Message(what), fact.Best.Receipt.Id[..Math.Min(IdLength, fact.Best.Receipt.Id.Length)]))
            .OrderBy(fact => fact.Name, StringComparer.Ordinal),
    ];

    /// <summary>The pre-tokenizer of a receipt's model: what follows its tokenizer's kind.</summary>
    private static string? PreTokenizerOf(Receipt receipt)
    {
        string[] parts = (receipt.Model!.Tokenizer ?? "").Split(", ", 2);
        return parts.Length == 2 && parts[0] == "gpt2" ? parts[1] : null;
    }

    private sealed record Try(Receipt Receipt, Verdict Verdict)
    {
        private readonly FailureRecord? _atLoad = Receipt.Stages.FirstOrDefault(s => s.Stage == Stage.Load)?.Failure;

        public bool Loaded { get; } = Receipt.Stages.Any(s => s is { Stage: Stage.Load, Outcome: Outcome.Ok });

        /// <summary>Whether the build itself failed to load it.</summary>
        public bool AtLoad => _atLoad is { Kind: not (FailureKind.HarnessError or FailureKind.Blocked) };

        public FailureKind? Kind => _atLoad?.Kind;

        /// <summary>The verdict; of a model that is tokenized otherwise than on the reference, that it differs.</summary>
        public string Word => !Loaded ? Verdict.Word : Ids is not null ? "differs" : Verdict.Kind == VerdictKind.Blocked ? "runs" : Verdict.Word;

        /// <summary>The message, with the line of the log that speaks of the matter where the message does not: some builds only print it.</summary>
        public string? Message(string what) => _atLoad is { } failure
            ? failure.Message.Contains(what, StringComparison.OrdinalIgnoreCase) || LogLines.LastOrDefault(line => Speaks(line, what)) is not { } printed
                ? failure.Kind == FailureKind.Crash ? Verdict.Reason : failure.Message
                : $"{printed}; {failure.Message}"
            : Ids ?? (Verdict.Kind is VerdictKind.Works or VerdictKind.Runs or VerdictKind.Blocked ? null : Verdict.Reason);

        private string? Ids => Receipt.Checks.FirstOrDefault(c => c.Check == Check.Tokenize)?.Failure?.Message;

        public bool Says(string what) => _atLoad is { } failure && (Speaks(failure.Message, what) || LogLines.Any(line => Speaks(line, what)));

        /// <summary>The last lines: the earlier ones may be of another model in the same process.</summary>
        private IEnumerable<string> LogLines => Symptoms.LastLines(_atLoad?.Log);

        private static bool Speaks(string text, string what) => text.Contains(what, StringComparison.OrdinalIgnoreCase)
            && UnknownWords.Any(word => text.Contains(word, StringComparison.OrdinalIgnoreCase));
    }
}
