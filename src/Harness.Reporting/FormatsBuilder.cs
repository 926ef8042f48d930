using System.Globalization;
using Harness.Receipts;
using Harness.Receipts.Comparisons;
using Harness.Receipts.Store;
using Harness.Receipts.Verdicts;

namespace Harness.Reporting;

/// <summary>Derives a <see cref="FormatsView"/> from receipts: a row a quantization.</summary>
/// <param name="receipts">The receipts shown.</param>
public sealed class FormatsBuilder(ReceiptSet receipts)
{
    private const string Builtin = "builtin";
    private const string None = "–";
    private readonly Dictionary<Cell, Receipt> newest = ReportBuilder.Newest(receipts.Receipts);
    private readonly ILookup<string, Comparison> judged = receipts.Comparisons.ToLookup(c => c.Receipt);

    /// <summary>Builds the view of all cells that were tried.</summary>
    /// <param name="title">The page's title.</param>
    public FormatsView Build(string title)
    {
        Receipt[] all = [.. newest.Values];
        string[] others = [.. receipts.Runs.SelectMany(r => r.Planned).Concat(newest.Keys).Select(c => c.Backend).Where(b => b != Builtin).Distinct()];
        RunRecord? run = receipts.Runs.Count > 0 ? receipts.Runs[^1] : null;
        PerplexityRecord? text = all.Select(r => r.Perplexity).FirstOrDefault(p => p is not null);
        FormatRow[] rows = [.. all.GroupBy(r => r.Cell.Quant)
            .OrderByDescending(g => g.Max(r => r.Quantization?.BitsPerWeight ?? 0)).ThenBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => Row(g.Key, [.. g], others))];
        return new FormatsView(
            title,
            all.Length == 0 ? "" : all.Max(r => r.Started).UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            new RunView(run?.Profile ?? "", run?.Command ?? ""),
            string.Join(", ", all.Select(r => r.Cell.Model).Distinct().Order(StringComparer.Ordinal)),
            text is null ? None : string.Create(CultureInfo.InvariantCulture, $"{text.Tokens} tokens, sha256 {text.TextSha256[..12]}…"),
            others,
            rows);
    }

    private FormatRow Row(string quant, Receipt[] tried, string[] others)
    {
        Receipt? trained = tried.FirstOrDefault(r => r is { Evidence: Evidence.Trained, Cell.Backend: Builtin });
        Receipt? probe = tried.FirstOrDefault(r => r is { Evidence: Evidence.Probe, Cell.Backend: Builtin });
        QuantizationFacts? facts = trained?.Quantization ?? probe?.Quantization;
        return new FormatRow(
            quant,
            (trained ?? probe)?.Model is { } model ? Types(model) : None,
            Decodes(trained ?? probe),
            tried.Any(r => r.Quantization?.RelativeError is not null) || trained?.Source.Origin == Origin.Trained ? "yes" : "no",
            facts is null ? None : facts.BitsPerWeight.ToString("0.000", CultureInfo.InvariantCulture),
            trained?.Source.Origin == Origin.Trained ? "parent" : facts?.RelativeError is { } error ? (100 * error).ToString("0.###", CultureInfo.InvariantCulture) + " %" : None,
            Perplexity(trained),
            [.. others.Select(b => Perplexity(tried.FirstOrDefault(r => r.Evidence == Evidence.Trained && r.Cell.Backend == b)))],
            Agreement(trained),
            Agreement(probe));
    }

    private static string Types(ModelFacts model) =>
        string.Join(", ", model.TensorTypes.OrderByDescending(t => t.Tensors).Select(t => string.Create(CultureInfo.InvariantCulture, $"{t.Tensors} {t.Type}")));

    private static string Decodes(Receipt? receipt)
    {
        if (receipt is null) return "untested";
        if (receipt.Stages.Any(s => s is { Stage: Stage.Load, Outcome: Outcome.Ok })) return "yes";
        return receipt.FirstFailure() is { } failure ? Wire.Name(failure.Kind) : "untested";
    }

    private static string Perplexity(Receipt? receipt) =>
        receipt?.Perplexity is { } perplexity ? perplexity.Value.ToString(perplexity.Value < 1000 ? "0.0000" : "0", CultureInfo.InvariantCulture) : None;

    private string Agreement(Receipt? receipt)
    {
        if (receipt is null) return None;
        Comparison? comparison = judged[receipt.Id].FirstOrDefault(c => c is { Logits: not null, Independent: true });
        if (comparison?.Logits is not { } logits) return "no other engine";
        return Words.Scientific(logits.Nmse) + (VerdictRules.Agrees(comparison) == false ? " " + Words.Symbol(VerdictKind.Differs) : "");
    }
}
