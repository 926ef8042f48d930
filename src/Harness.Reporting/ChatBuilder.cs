using System.Globalization;
using Harness.Receipts;
using Harness.Receipts.Store;

namespace Harness.Reporting;

/// <summary>Derives a <see cref="ChatView"/> from receipts.</summary>
/// <param name="receipts">The receipts shown.</param>
public sealed class ChatBuilder(ReceiptSet receipts)
{
    private const int DigestDigits = 8;
    private readonly Dictionary<Cell, Receipt> newest = ReportBuilder.Newest(receipts.Receipts);

    /// <summary>Builds the view: a row a model and template, a column a backend.</summary>
    /// <param name="title">The page's title.</param>
    public ChatView Build(string title)
    {
        Cell[] cells = [.. receipts.Runs.SelectMany(r => r.Planned).Concat(newest.Keys).Distinct()];
        string[] backends = [.. cells.Select(c => c.Backend).Distinct()];
        Receipt[] shown = [.. cells.Select(c => newest.GetValueOrDefault(c)).OfType<Receipt>()];
        RunRecord? run = receipts.Runs.Count > 0 ? receipts.Runs[^1] : null;
        return new ChatView(
            title,
            shown.Length == 0 ? "" : shown.Max(r => r.Started).UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            new RunView(run?.Profile ?? "", run?.Command ?? ""),
            backends,
            [.. shown.Where(r => r.Model is not null)
                .GroupBy(r => (Family: r.Model!.Architecture, r.Cell.Model, Digest: r.Model.ChatTemplate?.Sha256 ?? ""))
                .OrderBy(g => g.Key.Family, StringComparer.Ordinal).ThenBy(g => g.Key.Model, StringComparer.Ordinal)
                .Select(g => Row(g.Key.Family, g.Key.Model, g.First().Model!.ChatTemplate, backends, [.. g]))],
            [.. shown.Select(r => (Receipt: r, Check: r.Checks.FirstOrDefault(c => c.Check == Check.Chat)))
                .Where(one => (one.Check?.Failure?.Message ?? one.Check?.Reason) is not null)
                .GroupBy(one => (one.Receipt.Cell.Backend, one.Receipt.Cell.Model, Word: Words.ChatWord(one.Receipt), Text: Remark(one.Receipt, one.Check!)))
                .Select(g => new ChatRemarkView(
                    g.Key.Backend, g.Key.Model, string.Join(", ", g.Select(one => one.Receipt.Cell.Quant).Distinct()), g.Key.Word, g.Key.Text, g.First().Receipt.Command))]);
    }

    private static ChatRow Row(string family, string model, ChatTemplateFacts? facts, string[] backends, Receipt[] cells) => new(
        family,
        model,
        facts is null ? "none" : facts.Sha256[..Math.Min(DigestDigits, facts.Sha256.Length)] + (facts.Fault is null ? "" : $", fails: {facts.Fault}"),
        facts is null ? "–" : facts.SystemRefusal is { } words ? $"{facts.System}: {words}" : facts.System,
        facts?.Tools ?? "–",
        facts is null ? "–" : facts.ThinkingSwitch ? "switch" : "no switch",
        facts is null ? "–" : facts.GenerationPrompt is not { } open ? "not at the end" : open.Length == 0 ? "none" : OneLine(open),
        facts is null ? "–" : facts.EndOfTurn is not { } end ? "none" : OneLine(end) + facts.EndOfTurnStops switch { true => ", stops", false => ", does not stop", _ => "" },
        facts?.Bos ?? "–",
        [.. backends.Select(b => Checks([.. cells.Where(r => r.Cell.Backend == b)]))]);

    private static string Checks(Receipt[] cells)
    {
        if (cells.Length == 0) return "–";
        IGrouping<string, Receipt>[] words = [.. cells.GroupBy(Words.ChatWord)];
        return words.Length == 1 ? words[0].Key : string.Join("; ", words.Select(g => $"{g.Count()} {g.Key}"));
    }

    private static string Remark(Receipt receipt, CheckRecord check) => check.Failure?.Message
        ?? (receipt.Chat?.SystemRefusal is { } words ? $"{check.Reason}, since the template says: {words}" : check.Reason!);

    private static string OneLine(string text) => text.Replace("\n", "\\n", StringComparison.Ordinal);
}
