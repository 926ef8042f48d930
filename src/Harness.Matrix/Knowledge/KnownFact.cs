namespace Harness.Matrix;

/// <summary>What probes of one architecture, tensor type or pre-tokenizer showed on one build.</summary>
/// <param name="Name">The name as GGUF has it: <c>qwen3moe</c>, <c>MXFP4</c>, <c>llama-bpe</c>.</param>
/// <param name="Verdict">The best verdict of a probe that needs it, in the words of reports: <c>works</c>, <c>unsupported</c>.</param>
/// <param name="Message">The exact message, or what differs; null where there is nothing to say.</param>
/// <param name="Receipt">The beginning of the receipt's id.</param>
public sealed record KnownFact(string Name, string Verdict, string? Message, string Receipt)
{
    /// <summary>The verdicts there may be: a probe that was not tried is no fact.</summary>
    internal static readonly string[] Verdicts = ["works", "runs", "differs", "unsupported", "fails", "crashes", "times-out", "out-of-memory"];

    /// <summary>Whether a probe was loaded and computed something.</summary>
    public bool Loads => Verdict is "works" or "runs" or "differs";

    /// <summary>Whether the build says that it does not know the name.</summary>
    public bool IsUnknown => Verdict == "unsupported";
}
