namespace Harness.Matrix;

/// <summary>A cell with everything needed to try it, or the reason why it will not be tried.</summary>
/// <param name="Cell">Its coordinates.</param>
/// <param name="Variant">Model and quantization, with the files' origin. The same object for all cells of a variant.</param>
/// <param name="Build">The backend build.</param>
/// <param name="Prompts">What is asked. The same list for all cells of a model.</param>
/// <param name="Options">How it is run.</param>
/// <param name="Expectation">Why it is expected to work; null when it is not.</param>
/// <param name="Blocked">Why it will not be tried; null when it will.</param>
public sealed record PlannedCell(
    Cell Cell,
    Variant Variant,
    BackendBuild Build,
    IReadOnlyList<PromptEntry> Prompts,
    RunOptions Options,
    Expectation? Expectation,
    Blocked? Blocked)
{
    /// <summary>What is said to it through its own chat template; null for nothing.</summary>
    public ConversationEntry? Conversation { get; init; }
}
