using Harness.Engine.Blueprints;

namespace Harness.Engine.Architectures;

/// <summary>
/// Granite 4: layers of Mamba-2 or of attention, with or without experts; Granite's scales of embedding, residual, scores
/// and logits.
/// </summary>
internal static class GraniteHybrid
{
    public static Blueprint Read(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        var states = new StateSpaceHeader(transformer);

        // The family says by this key whether it has positions at all.
        RotaryBlueprint? rotary = header.Flag("rope.scaling.finetuned", otherwise: true) ? transformer.Rotary(RotaryKind.Norm) : null;
        float residualScale = OrOne(header.Single("residual_scale", 0));
        float attentionScale = header.Single("attention.scale", 0);
        Func<int, BranchBlueprint> feedForward = ExpertsHeader.Branches(
            transformer, experts => experts.StatedRouter(ExpertGating.Softmax) with { Gating = ExpertGating.Softmax, NormalizeWeights = true });
        Blueprint blueprint = transformer.Build(layer =>
        {
            AttentionBlueprint Attention()
            {
                AttentionBlueprint attention = transformer.Attention(layer, rotary);
                return attentionScale == 0 ? attention : attention with { Scale = attentionScale };
            }

            BlockBlueprint mixer = transformer.KeyValueHeads(layer) == 0 ? states.Mamba2(groupNorm: true) : Attention();
            return new LayerBlueprint(
            [
                new BranchBlueprint(mixer) { Scale = residualScale },
                feedForward(layer) with { Scale = residualScale },
            ]);
        });
        return blueprint with
        {
            Embedding = new EmbeddingBlueprint { Scale = OrOne(header.Single("embedding_scale", 0)) },
            LogitScale = 1 / OrOne(header.Single("logit_scale", 0)),
        };
    }

    // 0 stands for "none".
    private static float OrOne(float scale) => scale == 0 ? 1 : scale;
}
