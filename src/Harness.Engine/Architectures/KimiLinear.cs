using Harness.Engine.Blueprints;

namespace Harness.Engine.Architectures;

/// <summary>
/// Kimi Linear: layers of Kimi Delta Attention and, where there are key/value heads, of latent attention without
/// positions; dense layers first, then experts.
/// </summary>
internal static class KimiLinear
{
    public static Blueprint Read(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        var states = new StateSpaceHeader(transformer);
        var experts = new ExpertsHeader(transformer);
        RouterBlueprint router = experts.StatedRouter(ExpertGating.Softmax) with { NormalizeWeights = true };
        LatentAttentionBlueprint latent = new LatentHeader(transformer, RotaryKind.Norm).Attention with { Rotary = null };
        return transformer.Build(layer => new LayerBlueprint(
        [
            new BranchBlueprint(transformer.KeyValueHeads(layer) == 0
                ? states.KimiDelta(layer)
                : latent with
                {
                    QueryRank = transformer.Has(layer, "attn_q_a.weight") ? header.Count("attention.q_lora_rank") : 0,
                    Absorbed = transformer.Has(layer, "attn_k_b.weight"),
                }),
            experts.Branch(layer, router),
        ]));
    }
}
