using Harness.Engine.Blueprints;

namespace Harness.Engine.Architectures;

/// <summary>
/// The llama family (Llama 1–3, Mistral, TinyLlama, DeepSeek-Coder, SmolLM…): rotary pairs of neighbours, RMS norms,
/// SwiGLU; biases and fused projections where the file has them.
/// </summary>
internal static class Llama
{
    public static Blueprint Read(ModelHeader header)
    {
        TransformerHeader.RefuseExperts(header);
        var transformer = new TransformerHeader(header);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.Norm);
        return transformer.Build(layer => LayerBlueprint.Sequential(transformer.Attention(layer, rotary), transformer.FeedForward(layer)));
    }
}
