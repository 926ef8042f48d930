using Harness.Engine.Blueprints;

namespace Harness.Engine.Architectures;

/// <summary>
/// Nemotron-H: each layer is one block, Mamba-2, attention without positions, or a feed-forward of squared ReLUs; which,
/// the counts of heads and the widths of feed-forwards say.
/// </summary>
internal static class NemotronH
{
    public static Blueprint Read(ModelHeader header)
    {
        TransformerHeader.RefuseExperts(header);
        var transformer = new TransformerHeader(header);
        var states = new StateSpaceHeader(transformer);
        float scale = header.Single("attention.scale", 0);
        return transformer.Build(layer =>
        {
            if (transformer.FeedForwardLength(layer) > 0)
            {
                return LayerBlueprint.Sequential(transformer.FeedForward(layer) with
                {
                    Norm = transformer.RmsNorm("attn_norm"),
                    Gate = FeedForwardGate.None,
                    Activation = Activation.ReluSquared,
                });
            }

            if (transformer.KeyValueHeads(layer) == 0)
                return LayerBlueprint.Sequential(states.Mamba2(groupNorm: true));
            AttentionBlueprint attention = transformer.Attention(layer, rotary: null);
            return LayerBlueprint.Sequential(scale == 0 ? attention : attention with { Scale = scale });
        });
    }
}
