using System.Text.RegularExpressions;

namespace Harness.Matrix;

/// <summary>A known cause of failures: how it is recognised, what it means, what to do.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Title">What happened, in a few words.</param>
/// <param name="When">What it looks like; one that fits is enough.</param>
/// <param name="Meaning">What it means; <c>{name}</c> stands for a fact.</param>
/// <param name="Advice">What to do; <c>{name}</c> stands for a fact.</param>
/// <param name="Links">Where more is said.</param>
public sealed partial record Cause(
    string Id, string Title, IReadOnlyList<CausePattern> When, string Meaning, string Advice, IReadOnlyList<string> Links)
{
    /// <summary>Facts that every explanation has, beside the named groups of its pattern.</summary>
    public static IReadOnlyList<string> CommonFacts { get; } =
    [
        "model", "quant", "backend", "hardware", "architecture", "command", "processor", "memory",
        "predicted", "limit", "measured", "lacks", "builds-with-architecture", "builds-with-type", "builds-with-pre",
    ];

    /// <summary>The names in braces of a text.</summary>
    /// <param name="text">The text.</param>
    public static IEnumerable<string> FactsIn(string text) => Braces().Matches(text).Select(match => match.Groups[1].Value);

    /// <summary>A text with its facts filled in; what has no value stays as it is.</summary>
    /// <param name="text">The text.</param>
    /// <param name="value">A fact's value, or null.</param>
    public static string Fill(string text, Func<string, string?> value) => Braces().Replace(text, match => value(match.Groups[1].Value) ?? match.Value);

    [GeneratedRegex(@"\{([a-z][a-z-]*)\}", RegexOptions.CultureInvariant)]
    private static partial Regex Braces();
}

/// <summary>What a cause looks like: all that is said must fit; an absent part fits anything.</summary>
/// <param name="Kinds">Kinds of symptom, in the words of receipts; empty for any.</param>
/// <param name="Stages">Stages or checks where it shows; empty for any.</param>
/// <param name="Signals">Signals that ended the worker; empty for any.</param>
/// <param name="Backends">Backends, or null for any.</param>
/// <param name="Architectures">Architectures of the header, or null for any.</param>
/// <param name="Message">A regular expression over the exact message, or null.</param>
/// <param name="Log">A regular expression over the worker's log, or null.</param>
public sealed record CausePattern(
    IReadOnlyList<string> Kinds,
    IReadOnlyList<string> Stages,
    IReadOnlyList<string> Signals,
    IReadOnlyList<Glob>? Backends,
    IReadOnlyList<Glob>? Architectures,
    Regex? Message,
    Regex? Log)
{
    /// <summary>
    /// Kinds of symptom: those of failures, those of the chat check's findings, and <c>differs</c>, <c>not-tried</c>
    /// and <c>other-device</c>.
    /// </summary>
    public static IReadOnlyList<string> KnownKinds { get; } =
    [
        "error", "unsupported", "crash", "timeout", "out-of-memory", "refused", "mismatch", "blocked", "harness-error",
        "system-folded", "another-template", "double-bos", "ran-past-end-of-turn", "leaked-special-tokens",
        "differs", "not-tried", "other-device",
    ];

    /// <summary>Stages and checks, and <c>plan</c> for what was not tried.</summary>
    public static IReadOnlyList<string> KnownStages { get; } =
    [
        "plan", "resolve", "inspect", "fit", "fetch", "verify", "load",
        "tokenize", "generate", "score", "chat", "vision", "speed", "convert", "quantize",
    ];

    /// <summary>Whether a symptom fits.</summary>
    /// <param name="symptom">The symptom.</param>
    /// <param name="facts">The values of the pattern's named groups, when it does.</param>
    public bool Fits(Symptom symptom, out IReadOnlyDictionary<string, string> facts)
    {
        ArgumentNullException.ThrowIfNull(symptom);
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        facts = found;
        return (Kinds.Count == 0 || Kinds.Contains(symptom.Kind))
            && (Stages.Count == 0 || Stages.Contains(symptom.Stage))
            && (Signals.Count == 0 || (symptom.Signal is { } signal && Signals.Contains(signal)))
            && (Backends is null || (BackendId.TryParse(symptom.Backend, out BackendId? backend) && CellPattern.AnyBackend(Backends, backend)))
            && (Architectures is null || (symptom.Architecture is { } architecture && CellPattern.Any(Architectures, architecture)))
            && Matches(Message, symptom.Message, found)
            && Matches(Log, symptom.Log ?? "", found);
    }

    private static bool Matches(Regex? expression, string text, Dictionary<string, string> found)
    {
        if (expression is null) return true;
        Match match = expression.Match(text);
        if (!match.Success) return false;
        foreach (Group group in match.Groups)
        {
            // Groups without a name have a number for one.
            if (group.Success && !char.IsAsciiDigit(group.Name[0])) found[group.Name] = group.Value;
        }

        return true;
    }
}

/// <summary>Something that went wrong in one try, in the words of its receipt.</summary>
/// <param name="Kind">What kind, one of <see cref="CausePattern.KnownKinds"/>.</param>
/// <param name="Stage">Where, one of <see cref="CausePattern.KnownStages"/>.</param>
/// <param name="Message">The exact message.</param>
/// <param name="Backend">The backend.</param>
/// <param name="Architecture">The header's architecture, or null.</param>
/// <param name="Signal">The signal that ended the worker, or null.</param>
/// <param name="Log">The end of the worker's log, or null.</param>
public sealed record Symptom(
    string Kind, string Stage, string Message, string Backend, string? Architecture = null, string? Signal = null, string? Log = null);
