using Harness.Engine.Blueprints;

namespace Harness.Engine.Architectures;

/// <summary>Cohere's Command: LayerNorm, attention and feed-forward side by side behind one norm, logits scaled, output tied.</summary>
internal static class Cohere
{
    /// <summary>Command R: from 64 layers on, each head's query and key are normed with weights of their own.</summary>
    public static Blueprint ReadCommandR(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.Norm) with { FactorsTensor = null };
        bool normed = transformer.Layers >= 64;
        return Parallel(transformer, header.Single("logit_scale", 0), layer => transformer.Attention(layer, rotary) with
        {
            QueryNorm = normed ? new(transformer.LayerNorm("attn_q_norm")) : null,
            KeyNorm = normed ? new(transformer.LayerNorm("attn_k_norm")) : null,
        });
    }

    /// <summary>Command R7B and A: windows with rotation, then a layer with neither.</summary>
    public static Blueprint Read2(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.Norm);
        bool[] windowed = transformer.Windowed(period: 4);
        var window = new AttentionWindow(header.Count("attention.sliding_window"));
        return Parallel(transformer, header.Single("logit_scale"), layer => transformer.Attention(layer, windowed[layer] ? rotary : null) with
        {
            Window = windowed[layer] ? window : null,
        });
    }

    private static Blueprint Parallel(TransformerHeader transformer, float logitScale, Func<int, AttentionBlueprint> attention) =>
        transformer.Build(layer => LayerBlueprint.Parallel(
            attention(layer), transformer.FeedForward(layer) with { Norm = transformer.LayerNorm("attn_norm"), Bias = false })) with
        {
            LogitScale = logitScale == 0 ? 1 : logitScale,
        };
}
