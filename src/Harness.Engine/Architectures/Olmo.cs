using Harness.Engine.Blueprints;

namespace Harness.Engine.Architectures;

/// <summary>AllenAI's OLMo.</summary>
internal static class Olmo
{
    /// <summary>OLMo 1: LayerNorm without weights.</summary>
    public static Blueprint Read1(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.Norm) with { FactorsTensor = null };
        NormBlueprint norm = transformer.LayerNorm(null);
        return transformer.Build(layer => LayerBlueprint.Sequential(
            transformer.Attention(layer, rotary) with { Norm = norm, OutputBias = false },
            transformer.FeedForward(layer) with { Norm = norm, Bias = false })) with
        {
            OutputNorm = norm,
        };
    }

    /// <summary>
    /// OLMo 2 and 3: norms behind the blocks, and of the whole query and key. Layers with a window rotate without scaling.
    /// </summary>
    public static Blueprint Read2(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        RotaryBlueprint full = transformer.Rotary(RotaryKind.NeoX) with { FactorsTensor = null };
        RotaryBlueprint local = full with
        {
            Base = header.Single("rope.freq_base_swa", full.Base),
            LinearScale = 1,
            Magnitude = 1,
            Yarn = null,
        };
        int length = header.Number("attention.sliding_window", 0);
        bool[] windowed = length > 0 ? transformer.Windowed(period: 4) : new bool[transformer.Layers];
        return transformer.Build(layer => PostNormed(
            transformer,
            transformer.Attention(layer, windowed[layer] ? local : full) with
            {
                QueryNorm = new(transformer.RmsNorm("attn_q_norm"), WholeVector: true),
                KeyNorm = new(transformer.RmsNorm("attn_k_norm"), WholeVector: true),
                Window = windowed[layer] ? new AttentionWindow(length) : null,
            },
            transformer.FeedForward(layer)));
    }

    /// <summary>A layer whose norms come behind the blocks alone.</summary>
    internal static LayerBlueprint PostNormed(TransformerHeader transformer, AttentionBlueprint attention, FeedForwardBlueprint feedForward) => new(
    [
        new BranchBlueprint(attention with { Norm = null, OutputBias = false }) { PostNorm = transformer.RmsNorm("post_attention_norm") },
        new BranchBlueprint(feedForward with { Norm = null, Bias = false }) { PostNorm = transformer.RmsNorm("post_ffw_norm") },
    ]);
}
