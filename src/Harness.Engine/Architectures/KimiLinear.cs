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

    /// <summary>Ling 3: the same with a bounded decay, rotation, and a gate for each head of latent attention.</summary>
    public static Blueprint ReadBailing3(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        var states = new StateSpaceHeader(transformer);
        var experts = new ExpertsHeader(transformer);
        RouterBlueprint router = experts.StatedRouter(ExpertGating.Softmax);
        int ranked = header.Number("attention.q_lora_rank", 0);
        LatentAttentionBlueprint latent = new LatentHeader(transformer, RotaryKind.Norm).Attention with
        {
            QueryRank = ranked,
            Gate = new AttentionGate(Activation.Sigmoid, PerHead: true),
        };
        float bound = header.Single("kda.gate_lower_bound");
        if (!header.Flag("kda.safe_gate", otherwise: true) || bound >= 0)
            throw new UnsupportedModelException($"The built-in engine computes the delta-nets of '{header.Architecture}' with a safe gate and a negative bound only.");
        return transformer.Build(layer => new LayerBlueprint(
        [
            new BranchBlueprint(transformer.KeyValueHeads(layer) == 0
                ? states.KimiDelta(layer) with { Decay = DeltaDecay.PerChannelBounded, DecayBound = bound }
                : latent),
            experts.BoundedBranch(layer, router),
        ]));
    }
}
