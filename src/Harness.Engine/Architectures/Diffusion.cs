using Harness.Engine.Blueprints;

namespace Harness.Engine.Architectures;

/// <summary>Language models by diffusion: positions see each other both ways.</summary>
internal static class Diffusion
{
    /// <summary>Dream: Qwen 2.5, both ways.</summary>
    public static Blueprint Dream(ModelHeader header) => Read(header, RotaryKind.NeoX);

    /// <summary>LLaDA: llama, both ways.</summary>
    public static Blueprint Llada(ModelHeader header) => Read(header, RotaryKind.Norm);

    private static Blueprint Read(ModelHeader header, RotaryKind kind)
    {
        var transformer = new TransformerHeader(header);
        RotaryBlueprint rotary = transformer.Rotary(kind) with { FactorsTensor = null };
        return transformer.Build(layer => LayerBlueprint.Sequential(
            transformer.Attention(layer, rotary) with { Bidirectional = true }, transformer.FeedForward(layer)));
    }
}
