using System.Globalization;
using Harness.Receipts;
using Harness.Receipts.Verdicts;

namespace Harness.Reporting;

/// <summary>How figures and statuses are written for people.</summary>
public static class Words
{
    /// <summary>A size in decimal units, as <c>469 MB</c>.</summary>
    /// <param name="bytes">The size.</param>
    public static string Size(long bytes) => bytes switch
    {
        < 1_000 => $"{bytes} B",
        < 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e3:0.#} kB"),
        < 10_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.0} MB"),
        < 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0} MB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0.00} GB"),
    };

    /// <summary>A number of weights, as <c>1.24 B</c>.</summary>
    /// <param name="parameters">The number.</param>
    public static string Count(long parameters) => parameters switch
    {
        >= 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{parameters / 1e9:0.00} B"),
        >= 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{parameters / 1e6:0.0} M"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{parameters / 1e3:0} k"),
    };

    /// <summary>A rate in tokens a second, with three significant digits at most; a dash when not known.</summary>
    /// <param name="perSecond">The rate, or null.</param>
    public static string Rate(double? perSecond) => perSecond switch
    {
        null => "–",
        < 10 => perSecond.Value.ToString("0.0", CultureInfo.InvariantCulture),
        _ => perSecond.Value.ToString("0", CultureInfo.InvariantCulture),
    };

    /// <summary>A duration.</summary>
    /// <param name="milliseconds">Milliseconds.</param>
    public static string Duration(double milliseconds) => milliseconds switch
    {
        < 10 => string.Create(CultureInfo.InvariantCulture, $"{milliseconds:0.0} ms"),
        < 1_000 => string.Create(CultureInfo.InvariantCulture, $"{milliseconds:0} ms"),
        < 60_000 => string.Create(CultureInfo.InvariantCulture, $"{milliseconds / 1e3:0.0} s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(milliseconds / 60e3):0} min {milliseconds / 1e3 % 60:00} s"),
    };

    /// <summary>A small number in scientific form, as <c>3.1e-7</c>.</summary>
    /// <param name="value">The number.</param>
    public static string Scientific(double value) =>
        value == 0 ? "0" : value.ToString("0.0e+0", CultureInfo.InvariantCulture);

    /// <summary>How the chat check ended: <c>ok</c>, <c>ok, folded</c>, <c>other template</c>, <c>no template</c>, …; a dash when it was not made.</summary>
    /// <param name="receipt">The receipt, or null.</param>
    public static string ChatWord(Receipt? receipt)
    {
        CheckRecord? check = receipt?.Checks.FirstOrDefault(c => c.Check == Check.Chat);
        ChatFindingKind[] found = [.. receipt?.Chat?.Findings.Select(f => f.Kind).Where(k => k != ChatFindingKind.SystemFolded).Distinct() ?? []];
        return check?.Outcome switch
        {
            null => "–",
            Outcome.Skipped => receipt!.Model?.ChatTemplate is null ? "no template" : "skipped",
            Outcome.Ok => receipt!.Chat?.SystemRefusal is null ? "ok" : "ok, folded",
            _ => found.Length == 0 ? "failed" : string.Join(", ", found.Select(FindingWord)),
        };
    }

    private static string FindingWord(ChatFindingKind kind) => kind switch
    {
        ChatFindingKind.AnotherTemplate => "other template",
        ChatFindingKind.DoubleBos => "double BOS",
        ChatFindingKind.RanPastEndOfTurn => "ran past its turn",
        ChatFindingKind.LeakedSpecialTokens => "leaked tokens",
        _ => Wire.Name(kind),
    };

    /// <summary>The symbol that follows a verdict's word.</summary>
    /// <param name="kind">The verdict.</param>
    public static string Symbol(VerdictKind kind) => kind switch
    {
        VerdictKind.Works => "✅",
        VerdictKind.Runs => "☑️",
        VerdictKind.Differs => "⚠️",
        VerdictKind.Blocked => "⛔",
        VerdictKind.Untested => "❔",
        VerdictKind.Error => "🛠️",
        _ => "❌",
    };

    /// <summary>The written meaning of a verdict.</summary>
    /// <param name="kind">The verdict.</param>
    public static string Meaning(VerdictKind kind) => kind switch
    {
        VerdictKind.Works => "generated, and established right: a probe, when an independent engine computed the same logits within tolerance; trained weights, when the prompts' expectations hold and no reference disagrees",
        VerdictKind.Runs => "generated, but nothing established it right",
        VerdictKind.Differs => "generated, but disagrees with the reference or misses expectations",
        VerdictKind.Unsupported => "the backend does not know this architecture, tensor type or feature",
        VerdictKind.Fails => "any other reported error; stage and exact message are given",
        VerdictKind.Crashes => "the worker process died",
        VerdictKind.TimesOut => "a time limit was reached",
        VerdictKind.OutOfMemory => "a memory limit was reached",
        VerdictKind.Blocked => "not tried, for a stated reason",
        VerdictKind.Error => "the harness itself failed; not counted against the backend",
        _ => "in the matrix, not tried yet",
    };

    /// <summary>The word for how a stage ended, as tables show it.</summary>
    /// <param name="outcome">The outcome, or null when the stage was not reached.</param>
    public static string StageWord(Outcome? outcome) => outcome switch
    {
        Outcome.Ok => "ok",
        Outcome.Failed => "failed",
        Outcome.Skipped => "skipped",
        _ => "–",
    };
}
