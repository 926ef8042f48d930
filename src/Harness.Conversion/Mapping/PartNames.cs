namespace Harness.Conversion.Mapping;

/// <summary>What a family calls the parts of a model.</summary>
/// <param name="Embedding">The token embedding.</param>
/// <param name="Layers">The list of layers.</param>
/// <param name="Norm">The norm before the output head; null where it has no weights.</param>
/// <param name="Output">The output head.</param>
internal sealed record PartNames(string Embedding, string Layers, string? Norm, string Output)
{
    /// <summary>As nearly all models of the transformers library.</summary>
    public static PartNames Usual { get; } = new("model.embed_tokens", "model.layers", "model.norm", "lm_head");

    /// <summary>As GPT-2.</summary>
    public static PartNames Gpt { get; } = new("transformer.wte", "transformer.h", "transformer.ln_f", "lm_head");
}
