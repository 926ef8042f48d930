using Harness.Engine.Blueprints;

namespace Harness.Engine.Architectures;

/// <summary>
/// Qwen3-Next and Qwen 3.5: three layers of Gated DeltaNet, then one of attention whose output is gated by a part of the
/// query projection; all followed by experts or a SwiGLU.
/// </summary>
internal static class Qwen3Next
{
    private const int AttentionInterval = 4;

    public static Blueprint Read(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        return Read(transformer, transformer.Rotary(RotaryKind.NeoX), keyHeadsRepeat: false);
    }

    public static Blueprint Read35(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        return Read(transformer, transformer.SectionedRotary(RotaryKind.NeoX) with { InterleavedSections = true }, keyHeadsRepeat: true);
    }

    private static Blueprint Read(TransformerHeader transformer, RotaryBlueprint rotary, bool keyHeadsRepeat)
    {
        var states = new StateSpaceHeader(transformer);
        bool[] recurrent = states.RecurrentLayers(AttentionInterval);
        float scale = transformer.Header.Single("attention.scale", 0);
        rotary = rotary with { FactorsTensor = null };
        Func<int, BranchBlueprint> feedForward = ExpertsHeader.Branches(
            transformer,
            experts => experts.StatedRouter(ExpertGating.Softmax) with { Gating = ExpertGating.Softmax, NormalizeWeights = true },
            tensorScales: true);
        AttentionBlueprint Attention(int layer)
        {
            AttentionBlueprint attention = transformer.WithHeadNorms(transformer.Attention(layer, rotary)) with
            {
                OutputBias = false,
                Gate = new AttentionGate(Activation.Sigmoid, InQuery: true),
            };
            return scale == 0 ? attention : attention with { Scale = scale };
        }

        return transformer.Build(layer =>
        {
            NormBlueprint norm = transformer.RmsNorm("post_attention_norm");
            BranchBlueprint second = feedForward(layer);
            return new LayerBlueprint(
            [
                new BranchBlueprint(recurrent[layer] ? states.GatedDelta(layer, keyHeadsRepeat) : Attention(layer)),
                second with { Blocks = [.. second.Blocks.Select(block => block with { Norm = norm })] },
            ]);
        });
    }
}
