using System.Text.Json.Serialization;

namespace Harness.Receipts.Verdicts;

/// <summary>What a receipt and its comparisons mean.</summary>
[JsonConverter(typeof(KebabCaseConverter<VerdictKind>))]
public enum VerdictKind
{
    /// <summary>Generated, and established right.</summary>
    Works,

    /// <summary>Generated, but nothing established it right.</summary>
    Runs,

    /// <summary>Generated, but disagrees or misses expectations.</summary>
    Differs,

    /// <summary>The backend does not know this architecture, tensor type or feature.</summary>
    Unsupported,

    /// <summary>Any other reported error, a hash mismatch included.</summary>
    Fails,

    /// <summary>The worker process died.</summary>
    Crashes,

    /// <summary>A time limit was reached.</summary>
    TimesOut,

    /// <summary>A memory limit was reached.</summary>
    OutOfMemory,

    /// <summary>Not tried, for a stated reason.</summary>
    Blocked,

    /// <summary>The harness failed.</summary>
    Error,

    /// <summary>In the matrix, no receipt.</summary>
    Untested,
}

/// <summary>A derived verdict.</summary>
/// <param name="Kind">The verdict.</param>
/// <param name="Stage">The last stage or check reached.</param>
/// <param name="Reason">Why, in one line; quotes its evidence.</param>
public sealed record Verdict(VerdictKind Kind, string Stage, string Reason)
{
    /// <summary>The verdict as a word, as <c>times-out</c>.</summary>
    public string Word => Wire.Name(Kind);
}
