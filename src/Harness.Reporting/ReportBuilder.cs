using System.Globalization;
using Harness.Matrix;
using Harness.Receipts;
using Harness.Receipts.Comparisons;
using Harness.Receipts.Store;
using Harness.Receipts.Verdicts;

namespace Harness.Reporting;

/// <summary>Derives a <see cref="ReportView"/> from receipts.</summary>
/// <param name="receipts">The receipts shown.</param>
/// <param name="catalogue">What people know of cells; null for nothing.</param>
public sealed class ReportBuilder(ReceiptSet receipts, Catalogue? catalogue = null)
{
    private readonly IReadOnlyList<Comparison> _comparisons = receipts.Comparisons;
    private readonly CauseMatcher? _causes = catalogue is null ? null : new CauseMatcher(catalogue, receipts);

    /// <summary>Builds the view: for each planned cell its newest receipt, and cells with a receipt but no plan.</summary>
    /// <param name="title">The page's title.</param>
    public ReportView Build(string title)
    {
        Dictionary<Receipts.Cell, Receipt> newest = Newest(receipts.Receipts);
        CellView[] cells = [.. Cells(newest).Select((cell, order) => View(order, cell, newest.GetValueOrDefault(cell)))];
        Receipt[] shown = [.. cells.Select(c => newest.GetValueOrDefault(c.Cell)).OfType<Receipt>()];
        RunRecord? run = receipts.Runs.Count > 0 ? receipts.Runs[^1] : null;
        return new ReportView(
            title,
            shown.Length == 0 ? "" : shown.Max(r => r.Started).UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            new RunView(run?.Profile ?? "", run?.Command ?? ""),
            Summarise(cells),
            [.. cells.GroupBy(c => Device(newest.GetValueOrDefault(c.Cell), run)).Select(g => new DeviceGroup(g.Key, [.. g]))],
            [.. cells.Where(c => IsFailure(c.Verdict.Kind)).Select(c => new FailureView(c.Cell, c.Verdict.Word, c.Verdict.Stage, c.Verdict.Reason, c.Cause ?? "–", c.Command))],
            [.. cells.Where(c => c.Verdict.Kind is VerdictKind.Blocked or VerdictKind.Untested)
                .Select(c => new NotTriedView(c.Cell, c.Verdict.Word, c.Verdict.Reason))],
            [.. Conversions()],
            [.. KnownIssues(cells)],
            [.. Agreements(shown)],
            [.. Transcripts(shown)],
            [.. Models(shown)],
            [.. Features(shown)],
            Environment(shown, run),
            [.. Enum.GetValues<VerdictKind>().Where(k => cells.Any(c => c.Verdict.Kind == k))
                .Select(k => new LegendView(Wire.Name(k), Words.Symbol(k), Words.Meaning(k)))]);
    }

    /// <summary>The newest receipt of each cell.</summary>
    /// <param name="receipts">Receipts in the order written.</param>
    public static Dictionary<Receipts.Cell, Receipt> Newest(IEnumerable<Receipt> receipts)
    {
        ArgumentNullException.ThrowIfNull(receipts);
        var newest = new Dictionary<Receipts.Cell, Receipt>();
        foreach (Receipt receipt in receipts)
            if (receipt.Kind == ReceiptKind.Run) newest[receipt.Cell] = receipt;
        return newest;
    }

    private IEnumerable<Receipts.Cell> Cells(Dictionary<Receipts.Cell, Receipt> newest) =>
        receipts.Runs.SelectMany(r => r.Planned).Concat(newest.Keys).Distinct();

    private CellView View(int order, Receipts.Cell cell, Receipt? receipt)
    {
        Verdict verdict = VerdictRules.Derive(receipt, receipt is null ? [] : [.. _comparisons.Where(c => c.Receipt == receipt.Id || c.Reference == receipt.Id)]);
        return new CellView(
            order,
            cell,
            receipt is null ? "–" : Source(receipt.Source),
            receipt?.Model is { } model ? Words.Size(model.FileBytes) : "–",
            receipt is null || receipt.Evidence == Evidence.None ? "–" : Wire.Name(receipt.Evidence),
            Words.StageWord(receipt?.Stages.FirstOrDefault(s => s.Stage == Stage.Load)?.Outcome),
            Words.StageWord(receipt?.Checks.FirstOrDefault(c => c.Check == Check.Generate)?.Outcome),
            Words.StageWord(receipt?.Checks.FirstOrDefault(c => c.Check == Check.Tokenize)?.Outcome),
            Words.ChatWord(receipt),
            ChatRemark(receipt),
            verdict,
            Words.Symbol(verdict.Kind),
            Words.Rate(receipt?.Timings?.PrefillTokensPerSecond),
            Words.Rate(receipt?.Timings?.DecodeTokensPerSecond),
            receipt?.Memory is { } memory ? Words.Size(memory.PeakResidentBytes) : "–",
            receipt?.Command ?? $"harness run --model {cell.Model} --quant {cell.Quant} --backend {cell.Backend} --hardware {cell.Hardware}",
            receipt?.Id,
            receipt is not null && IsFailure(verdict.Kind) ? CauseOf(receipt) : null);
    }

    /// <summary>The first cause of what went wrong, in a few words.</summary>
    private string? CauseOf(Receipt receipt) =>
        _causes?.Explain(receipt).FirstOrDefault(e => !e.Symptom.Stage.Equals("chat", StringComparison.Ordinal)) is { Cause: not null } explained ? explained.Title : null;

    private static string? ChatRemark(Receipt? receipt)
    {
        CheckRecord? check = receipt?.Checks.FirstOrDefault(c => c.Check == Check.Chat);
        return check?.Failure?.Message ?? check?.Reason;
    }

    private static bool IsFailure(VerdictKind kind) =>
        kind is not (VerdictKind.Works or VerdictKind.Runs or VerdictKind.Blocked or VerdictKind.Untested);

    private static SummaryView Summarise(CellView[] cells) => new(
        cells.Length,
        cells.Count(c => c.Verdict.Kind == VerdictKind.Works),
        [.. cells.GroupBy(c => c.Verdict.Kind).OrderBy(g => g.Key).Select(g => new VerdictCount(g.Key, Wire.Name(g.Key), g.Count()))]);

    private static string Source(SourceFacts source) => source.Origin switch
    {
        Origin.Hub => source.Repository ?? "hub",
        Origin.Quantized => $"quantized from {source.Parent ?? "its parent"}",
        Origin.Converted => $"converted from {source.Parent ?? "its parent"}",
        Origin.Forged => "forged",
        Origin.Trained => "trained here",
        _ => "local file",
    };

    private static string Device(Receipt? receipt, RunRecord? run)
    {
        MachineFacts? machine = receipt?.Machine ?? run?.Machine;
        if (receipt is not null && receipt.Cell.Hardware != "cpu" && receipt.Backend is { Devices.Count: > 0 } backend)
            return $"{receipt.Cell.Hardware}: {string.Join(", ", backend.Devices.Select(d => d.Name))}";
        return machine is null ? "not tried" : $"cpu: {machine.Processor}, {machine.Cores} cores";
    }

    /// <summary>The newest conversion of each model at each type, and the newest quantization.</summary>
    private IEnumerable<ConversionView> Conversions()
    {
        foreach (var group in receipts.Receipts.Where(r => r.Kind == ReceiptKind.Convert).GroupBy(r => r.Cell))
        {
            Receipt receipt = group.Last();
            CheckRecord? check = receipt.Checks.FirstOrDefault(c => c.Check is Check.Convert or Check.Quantize);
            yield return new ConversionView(
                receipt.Cell.Model, receipt.Source.Parent ?? "–", receipt.Cell.Quant, Words.StageWord(check?.Outcome),
                check?.Failure?.Message ?? check?.Reason ?? "–", receipt.Command);
        }
    }

    private IEnumerable<KnownIssueView> KnownIssues(CellView[] cells)
    {
        foreach (KnownIssue issue in catalogue?.KnownIssues ?? [])
        {
            Receipts.Cell[] about = [.. cells.Select(c => c.Cell).Where(c =>
                BackendId.TryParse(c.Backend, out BackendId? backend) && issue.Cells.Matches(new Matrix.Cell(c.Model, c.Quant, backend, c.Hardware)))];
            if (about.Length == 0) continue;
            yield return new KnownIssueView(
                about.Length == 1 ? about[0].ToString() : $"{about[0]} and {about.Length - 1} more",
                issue.Text, issue.Source ?? "–", issue.Unverified ? "no" : "yes");
        }
    }

    private IEnumerable<AgreementView> Agreements(Receipt[] shown)
    {
        Dictionary<string, Receipt> byId = shown.DistinctBy(r => r.Id).ToDictionary(r => r.Id);
        foreach (Comparison c in _comparisons)
        {
            if (!byId.TryGetValue(c.Receipt, out Receipt? receipt)) continue;
            bool elsewhere = !byId.ContainsKey(c.Reference);
            GenerationDifference? divergence = c.Generations.FirstOrDefault(g => g.FirstDivergence is not null);
            yield return new AgreementView(
                $"{receipt.Cell.Model} {receipt.Cell.Quant}",
                c.Backend,
                elsewhere ? $"{c.ReferenceBackend} (committed)" : c.ReferenceBackend,
                c.Logits is null ? "–" : Words.Scientific(c.Logits.Nmse),
                Words.Scientific(Tolerance.ForWeightType(c.WeightType)),
                c.Logits is null ? "–" : Words.Scientific(c.Logits.MeanKl),
                c.Logits is null ? "–" : $"{c.Logits.TopAgree} of {c.Logits.TopCounted}",
                divergence is null
                    ? "none"
                    : $"{divergence.Prompt}, token {divergence.FirstDivergence}"
                        + (divergence.Margin is { } margin ? $", margin {Words.Scientific(margin)}" : ""),
                VerdictRules.Agrees(c) switch { true => "yes", false => "no", null => "–" });
        }
    }

    private static IEnumerable<TranscriptView> Transcripts(Receipt[] shown)
    {
        var generations = shown.Where(r => r.Evidence == Evidence.Trained)
            .SelectMany(r => r.Generations.Select(g => (Receipt: r, Generation: g)));
        foreach (var group in generations.GroupBy(x => (x.Receipt.Cell.Model, x.Receipt.Cell.Quant, x.Generation.Prompt)))
        {
            GenerationRecord first = group.First().Generation;
            yield return new TranscriptView(
                $"{group.Key.Model} {group.Key.Quant}",
                first.PromptText,
                first.Expectations.Count == 0 ? "–" : string.Join(" and ", first.Expectations.Select(e => $"{e.Predicate} {e.Value}")),
                [.. group.GroupBy(x => x.Generation.Text).Select(answer => new AnswerView(
                    string.Join(", ", answer.Select(x => x.Receipt.Cell.Backend).Distinct()),
                    answer.Key,
                    first.Expectations.Count == 0 ? "–" : first.Expectations.All(e => Expectations.Holds(e, answer.Key)) ? "yes" : "no"))]);
        }
    }

    private static IEnumerable<ModelView> Models(Receipt[] shown)
    {
        foreach (var group in shown.Where(r => r.Model is not null).GroupBy(r => (r.Cell.Model, r.Cell.Quant)))
        {
            ModelFacts model = group.First().Model!;
            yield return new ModelView(
                $"{group.Key.Model} {group.Key.Quant}",
                model.Architecture,
                Words.Count(model.Parameters),
                string.Join(", ", model.TensorTypes.Select(t => $"{t.Tensors} × {t.Type}")));
        }
    }

    private static IEnumerable<FeaturesView> Features(Receipt[] shown) => shown
        .Where(r => r.Model is { Features.Count: > 0 })
        .Select(r => new FeaturesView(r.Cell.Model, string.Join(", ", r.Model!.Features.Select(f => $"{f.Name} {f.Value}"))))
        .Distinct();

    private static EnvironmentView Environment(Receipt[] shown, RunRecord? run)
    {
        MachineFacts? machine = run?.Machine ?? shown.LastOrDefault()?.Machine;
        List<Feature> facts = [];
        if (machine is not null)
        {
            facts.Add(new("harness", machine.Harness));
            facts.Add(new("processor", $"{machine.Processor}, {machine.Cores} cores ({machine.Architecture})"));
            facts.Add(new("memory", Words.Size(machine.MemoryBytes)));
            facts.Add(new("system", machine.OperatingSystem));
            facts.Add(new("runtime", machine.Runtime));
        }

        if (shown.Select(r => r.Source.Endpoint).OfType<string>().Distinct().ToArray() is { Length: > 0 } endpoints)
            facts.Add(new("hub", string.Join(", ", endpoints)));
        IEnumerable<BackendView> backends = shown.Where(r => r.Backend is not null).GroupBy(r => r.Cell.Backend).Select(g =>
        {
            BackendFacts b = g.Last().Backend!;
            return new BackendView(
                g.Key,
                b.Distribution is null ? "this build" : $"{b.Distribution} {b.DistributionVersion}".Trim(),
                b.Build ?? "–",
                b.InstructionSet ?? "–",
                b.Digest is { Length: > 12 } digest ? digest[..12] : b.Digest ?? "–");
        });
        return new EnvironmentView(facts, [.. backends]);
    }
}
