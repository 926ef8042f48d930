using System.Globalization;
using Harness.Receipts;
using Harness.Receipts.Comparisons;
using Harness.Receipts.Store;
using Harness.Receipts.Verdicts;

namespace Harness.Reporting;

/// <summary>Derives an <see cref="ArchitecturesView"/> from receipts: a row a model, a column a quantization or backend.</summary>
/// <param name="receipts">The receipts shown.</param>
public sealed class ArchitecturesBuilder(ReceiptSet receipts)
{
    private const string Builtin = "builtin";
    private readonly Dictionary<Cell, Receipt> newest = ReportBuilder.Newest(receipts.Receipts);
    private readonly ILookup<string, Comparison> judged = receipts.Comparisons.ToLookup(c => c.Receipt);
    private readonly ILookup<string, Comparison> referred = receipts.Comparisons.ToLookup(c => c.Reference);

    /// <summary>Builds the view of all cells that were planned or tried.</summary>
    /// <param name="title">The page's title.</param>
    public ArchitecturesView Build(string title)
    {
        Cell[] cells = [.. receipts.Runs.SelectMany(r => r.Planned).Concat(newest.Keys).Distinct()];
        string[] quants = [.. cells.Select(c => c.Quant).Distinct()];
        string[] backends = [.. cells.Select(c => c.Backend).Distinct()];
        string engine = backends.Contains(Builtin) || backends.Length == 0 ? Builtin : backends[0];
        Tried[] tried = [.. cells.Select(c => new Tried(c, newest.GetValueOrDefault(c), Derive(newest.GetValueOrDefault(c))))];
        Dictionary<string, string> architectures = tried.GroupBy(t => t.Cell.Model)
            .ToDictionary(g => g.Key, g => g.Select(t => t.Receipt?.Model?.Architecture).FirstOrDefault(a => a is not null) ?? "–");
        IGrouping<string, Tried>[] models = [.. tried.GroupBy(t => t.Cell.Model)
            .OrderBy(g => architectures[g.Key], StringComparer.Ordinal).ThenBy(g => g.Key, StringComparer.Ordinal)];
        RunRecord? run = receipts.Runs.Count > 0 ? receipts.Runs[^1] : null;
        Receipt[] shown = [.. tried.Select(t => t.Receipt).OfType<Receipt>()];
        return new ArchitecturesView(
            title,
            shown.Length == 0 ? "" : shown.Max(r => r.Started).UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            new RunView(run?.Profile ?? "", run?.Command ?? ""),
            [.. backends.Select(b => Summarise(b, tried, architectures))],
            engine,
            [.. quants.Select(q => new QuantColumn(q, Limit(q, tried)))],
            backends,
            [.. models.Select(m => new ArchitectureRow(
                architectures[m.Key],
                m.Key,
                m.Select(t => t.Receipt?.Model).FirstOrDefault(f => f is not null) is { } facts ? Words.Count(facts.Parameters) : "–",
                [.. quants.Select(q => Error(m.FirstOrDefault(t => t.Cell.Quant == q && t.Cell.Backend == engine)))],
                [.. backends.Select(b => Verdicts([.. m.Where(t => t.Cell.Backend == b)]))]))],
            [.. models.SelectMany(m => Refusals(architectures[m.Key], m)).OrderBy(r => Array.IndexOf(backends, r.Backend))],
            [.. models.Select(m => (m.Key, Model: m.Select(t => t.Receipt?.Model).FirstOrDefault(f => f is { Features.Count: > 0 })))
                .Where(m => m.Model is not null).Select(m => Structures.Of(m.Key, m.Model!))],
            [.. Enum.GetValues<VerdictKind>().Where(k => tried.Any(t => t.Verdict.Kind == k))
                .Select(k => new LegendView(Wire.Name(k), Words.Symbol(k), Words.Meaning(k)))]);
    }

    private Verdict Derive(Receipt? receipt) => VerdictRules.Derive(
        receipt, receipt is null ? [] : [.. judged[receipt.Id].Concat(referred[receipt.Id])]);

    private static string Summarise(string backend, Tried[] tried, Dictionary<string, string> architectures)
    {
        var own = tried.Where(t => t.Cell.Backend == backend).GroupBy(t => architectures[t.Cell.Model]).ToArray();
        int right = own.Count(g => g.All(t => t.Verdict.Kind == VerdictKind.Works));
        int unknown = own.Count(g => g.All(t => t.Verdict.Kind == VerdictKind.Unsupported));
        return $"{backend}: {right} of {own.Length} architectures work at every quantization"
            + (unknown > 0 ? $", {unknown} {(unknown == 1 ? "is" : "are")} not known to it" : "");
    }

    private string Limit(string quant, Tried[] tried) => tried
        .Where(t => t.Cell.Quant == quant && t.Receipt is not null).SelectMany(t => judged[t.Receipt!.Id]).FirstOrDefault() is { } comparison
        ? Words.Scientific(Tolerance.ForWeightType(comparison.WeightType))
        : "–";

    private string Error(Tried? tried)
    {
        if (tried?.Receipt is not { } receipt) return "untested";
        // The reference has no error of its own: what others differ from it by stands in its stead.
        Comparison? comparison = judged[receipt.Id].FirstOrDefault(c => c is { Logits: not null, Independent: true, Peers: false })
            ?? judged[receipt.Id].Concat(referred[receipt.Id]).FirstOrDefault(c => c is { Logits: not null, Independent: true });
        if (comparison?.Logits is not { } logits)
            return tried.Verdict.Kind is VerdictKind.Works or VerdictKind.Runs ? "no other engine" : tried.Verdict.Word;
        return Words.Scientific(logits.Nmse) + (VerdictRules.Agrees(comparison) == false ? " " + Words.Symbol(VerdictKind.Differs) : "");
    }

    private static string Verdicts(Tried[] tried)
    {
        if (tried.Length == 0) return "–";
        int works = tried.Count(t => t.Verdict.Kind == VerdictKind.Works);
        if (works == tried.Length) return $"{works} of {works} {(works == 1 ? "works" : "work")} {Words.Symbol(VerdictKind.Works)}";
        IEnumerable<string> others = tried.Where(t => t.Verdict.Kind != VerdictKind.Works).GroupBy(t => t.Verdict.Kind)
            .Select(g => works == 0 && g.Count() == tried.Length
                ? $"{Wire.Name(g.Key)} {Words.Symbol(g.Key)}"
                : $"{g.Count()} {Wire.Name(g.Key)} {Words.Symbol(g.Key)}");
        return (works > 0 ? $"{works} of {tried.Length} {(works == 1 ? "works" : "work")}, " : "") + string.Join(", ", others);
    }

    private static IEnumerable<RefusalView> Refusals(string architecture, IEnumerable<Tried> model) => model
        .Where(t => t.Verdict.Kind is not (VerdictKind.Works or VerdictKind.Untested))
        .GroupBy(t => (t.Cell.Backend, t.Verdict.Word, t.Verdict.Stage, Message: Message(t)))
        .Select(g => new RefusalView(
            g.Key.Backend,
            architecture,
            g.First().Cell.Model,
            string.Join(", ", g.Select(t => t.Cell.Quant)),
            g.Key.Word,
            g.Key.Stage,
            g.Key.Message,
            g.First().Receipt?.Command ?? ""));

    // Paths differ from one quantization to the next; a message that names its file is still the same message.
    private static string Message(Tried tried) => (tried.Receipt?.Subject.Files ?? [])
        .Aggregate(tried.Verdict.Reason, (text, file) => text.Replace(file.Name, "FILE", StringComparison.Ordinal));

    private sealed record Tried(Cell Cell, Receipt? Receipt, Verdict Verdict);
}
