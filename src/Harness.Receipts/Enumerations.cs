using System.Text.Json;
using System.Text.Json.Serialization;

namespace Harness.Receipts;

/// <summary>Writes an enumeration as kebab-case words, the form the design's tables use.</summary>
/// <typeparam name="TEnum">The enumeration.</typeparam>
public sealed class KebabCaseConverter<TEnum>() : JsonStringEnumConverter<TEnum>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false)
    where TEnum : struct, Enum;

/// <summary>What a receipt records.</summary>
[JsonConverter(typeof(KebabCaseConverter<ReceiptKind>))]
public enum ReceiptKind
{
    /// <summary>One try of one cell.</summary>
    Run,

    /// <summary>A speed measurement.</summary>
    Bench,

    /// <summary>A conversion or quantization.</summary>
    Convert,

    /// <summary>A header that was read, not run.</summary>
    Header,

    /// <summary>A measurement of memory, beside what was predicted.</summary>
    Fit,
}

/// <summary>What stands behind a receipt; derived from the file itself.</summary>
[JsonConverter(typeof(KebabCaseConverter<Evidence>))]
public enum Evidence
{
    /// <summary>Nothing was read: the cell never came that far.</summary>
    None,

    /// <summary>A forged model with random weights: shows support and equal numbers, not sense.</summary>
    Probe,

    /// <summary>Weights somebody trained.</summary>
    Trained,

    /// <summary>The header was read; nothing was run.</summary>
    Header,
}

/// <summary>Where a variant's files came from.</summary>
[JsonConverter(typeof(KebabCaseConverter<Origin>))]
public enum Origin
{
    /// <summary>Fetched from a hub.</summary>
    Hub,

    /// <summary>Converted from another container.</summary>
    Converted,

    /// <summary>Quantized from a parent file.</summary>
    Quantized,

    /// <summary>Forged from a seed.</summary>
    Forged,

    /// <summary>Trained by this project.</summary>
    Trained,

    /// <summary>A file the user named.</summary>
    Local,
}

/// <summary>How a stage or check ended.</summary>
[JsonConverter(typeof(KebabCaseConverter<Outcome>))]
public enum Outcome
{
    /// <summary>Done.</summary>
    Ok,

    /// <summary>Tried, and did not come through.</summary>
    Failed,

    /// <summary>Not tried, for a stated reason.</summary>
    Skipped,
}

/// <summary>Why a stage or check failed.</summary>
[JsonConverter(typeof(KebabCaseConverter<FailureKind>))]
public enum FailureKind
{
    /// <summary>Any reported error.</summary>
    Error,

    /// <summary>The backend does not know this architecture, tensor type or feature.</summary>
    Unsupported,

    /// <summary>The worker process died of a signal or an unhandled fault.</summary>
    Crash,

    /// <summary>A time or silence limit was reached.</summary>
    Timeout,

    /// <summary>A memory limit was reached, or an allocation was refused.</summary>
    OutOfMemory,

    /// <summary>Gated or unauthorised.</summary>
    Refused,

    /// <summary>A digest did not match.</summary>
    Mismatch,

    /// <summary>Not possible here: does not fit, hub, backend or hardware absent.</summary>
    Blocked,

    /// <summary>The harness's own fault; never counted against a backend.</summary>
    HarnessError,
}

/// <summary>The stages of a try, in order; each needs the one before.</summary>
[JsonConverter(typeof(KebabCaseConverter<Stage>))]
public enum Stage
{
    /// <summary>Repository, revision and file names are known.</summary>
    Resolve,

    /// <summary>The header was read.</summary>
    Inspect,

    /// <summary>It fits the memory and the disk at hand.</summary>
    Fit,

    /// <summary>The files are here.</summary>
    Fetch,

    /// <summary>Their digests are right.</summary>
    Verify,

    /// <summary>The backend loaded them.</summary>
    Load,
}

/// <summary>The checks, independent of each other.</summary>
[JsonConverter(typeof(KebabCaseConverter<Check>))]
public enum Check
{
    /// <summary>The backend's ids against the canonical ones.</summary>
    Tokenize,

    /// <summary>Greedy generation.</summary>
    Generate,

    /// <summary>Teacher-forced logits of fixed ids.</summary>
    Score,

    /// <summary>Chat template and system role.</summary>
    Chat,

    /// <summary>Image input.</summary>
    Vision,

    /// <summary>A speed measurement.</summary>
    Speed,

    /// <summary>Conversion of the container.</summary>
    Convert,

    /// <summary>Quantization.</summary>
    Quantize,
}
