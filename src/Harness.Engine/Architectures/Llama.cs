using Harness.Engine.Blueprints;

namespace Harness.Engine.Architectures;

/// <summary>
/// The llama family (Llama 1–3, Mistral, TinyLlama, DeepSeek-Coder, SmolLM…): rotary pairs of neighbours, RMS norms,
/// SwiGLU; biases, fused projections and experts (Mixtral) where the file has them.
/// </summary>
internal static class Llama
{
    public static Blueprint Read(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.Norm);
        if (header.Number("expert_count", 0u) == 0)
            return transformer.Build(layer => LayerBlueprint.Sequential(transformer.Attention(layer, rotary), transformer.FeedForward(layer)));

        var experts = new ExpertsHeader(transformer, tensorScales: true);
        RouterBlueprint router = experts.Router(ExpertGating.Softmax, normalize: true);
        return transformer.Build(layer => LayerBlueprint.Sequential(transformer.Attention(layer, rotary), experts.Experts(layer, router)));
    }
}
