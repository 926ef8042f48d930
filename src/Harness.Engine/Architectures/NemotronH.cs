using Harness.Engine.Blueprints;

namespace Harness.Engine.Architectures;

/// <summary>
/// Nemotron-H: each layer is one block, Mamba-2, attention without positions, or a feed-forward of squared ReLUs, with
/// experts in Nemotron 3; which, the counts of heads and the widths of feed-forwards say.
/// </summary>
internal static class NemotronH
{
    public static Blueprint Read(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        var states = new StateSpaceHeader(transformer);
        Func<int, BranchBlueprint> feedForward = ExpertsHeader.Branches(
            transformer, experts => experts.StatedRouter(ExpertGating.Sigmoid) with { Gating = ExpertGating.Sigmoid }, tensorScales: true);
        float scale = header.Single("attention.scale", 0);
        return transformer.Build(layer =>
        {
            if (transformer.FeedForwardLength(layer) > 0)
            {
                BranchBlueprint branch = feedForward(layer);
                return new LayerBlueprint([branch with { Blocks = [.. branch.Blocks.Select(block => Squared(transformer, layer, block))] }]);
            }

            if (transformer.KeyValueHeads(layer) == 0)
                return LayerBlueprint.Sequential(states.Mamba2(groupNorm: true));
            AttentionBlueprint attention = transformer.Attention(layer, rotary: null);
            return LayerBlueprint.Sequential(scale == 0 ? attention : attention with { Scale = scale });
        });
    }

    private static BlockBlueprint Squared(TransformerHeader transformer, int layer, BlockBlueprint block)
    {
        NormBlueprint norm = transformer.RmsNorm("attn_norm");
        return block switch
        {
            FeedForwardBlueprint dense => dense with { Norm = norm, Gate = FeedForwardGate.None, Activation = Activation.ReluSquared },
            ExpertsBlueprint experts => experts with
            {
                Norm = norm,
                Activation = Activation.ReluSquared,
                LatentLength = transformer.Has(layer, "ffn_latent_down.weight") ? transformer.Header.Count("moe_latent_size") : 0,
            },
            _ => block,
        };
    }
}
