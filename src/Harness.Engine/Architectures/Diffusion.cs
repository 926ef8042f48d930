using Harness.Engine.Blueprints;

namespace Harness.Engine.Architectures;

/// <summary>Language models by diffusion: positions see each other both ways.</summary>
internal static class Diffusion
{
    /// <summary>Dream: Qwen 2.5, both ways.</summary>
    public static Blueprint Dream(ModelHeader header) => Read(header, RotaryKind.NeoX);

    /// <summary>LLaDA: llama, both ways, with no biases but those of query, key and value.</summary>
    public static Blueprint Llada(ModelHeader header) => Read(header, RotaryKind.Norm, biases: false);

    private static Blueprint Read(ModelHeader header, RotaryKind kind, bool biases = true)
    {
        var transformer = new TransformerHeader(header);
        RotaryBlueprint rotary = transformer.Rotary(kind) with { FactorsTensor = null };
        return transformer.Without(
            transformer.Build(layer =>
            {
                AttentionBlueprint attention = transformer.Attention(layer, rotary) with { Bidirectional = true };
                FeedForwardBlueprint feedForward = transformer.FeedForward(layer);
                return LayerBlueprint.Sequential(
                    biases ? attention : attention with { OutputBias = false }, biases ? feedForward : feedForward with { Bias = false });
            }),
            biases ? ["rope_freqs.", "output.bias"] : ["rope_freqs.", "blk.*.attn_output.bias", "blk.*.ffn_gate.bias", "blk.*.ffn_up.bias", "blk.*.ffn_down.bias"]);
    }
}
