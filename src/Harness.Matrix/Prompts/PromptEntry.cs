namespace Harness.Matrix;

/// <summary>A prompt of the catalogue: what is asked, of which models, and what an answer must hold to be right.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Text">The exact text, evaluated raw (no chat template); null when <paramref name="Ids"/> is given.</param>
/// <param name="Ids">Token ids instead of text; null when <paramref name="Text"/> is given.</param>
/// <param name="MaxTokens">Most tokens to generate, at least 1.</param>
/// <param name="Models">Globs over the models it is asked of.</param>
/// <param name="Expect">Predicates over the generated text, without the prompt; all must hold. Empty: nothing is judged.</param>
/// <param name="Transcripts">What other engines said; shown, decides nothing.</param>
/// <param name="Notes">What people should know, or null.</param>
public sealed record PromptEntry(
    string Id,
    string? Text,
    IReadOnlyList<int>? Ids,
    int MaxTokens,
    IReadOnlyList<Glob> Models,
    IReadOnlyList<Predicate> Expect,
    IReadOnlyList<Transcript> Transcripts,
    string? Notes)
{
    /// <summary>Whether the prompt is asked of a model.</summary>
    /// <param name="model">Id of the model.</param>
    public bool AppliesTo(string model) => CellPattern.Any(Models, model);
}

/// <summary>What another engine answered once.</summary>
/// <param name="Model">Id of the model.</param>
/// <param name="Quant">Quantization, or null.</param>
/// <param name="Engine">The engine and its version, in words.</param>
/// <param name="Text">Prompt and answer as printed.</param>
public sealed record Transcript(string Model, string? Quant, string Engine, string Text);
