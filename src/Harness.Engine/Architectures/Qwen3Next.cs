using Harness.Engine.Blueprints;

namespace Harness.Engine.Architectures;

/// <summary>
/// Qwen3-Next and Qwen 3.5: three layers of Gated DeltaNet, then one of attention whose output is gated by a part of the
/// query projection; all followed by experts or a SwiGLU.
/// </summary>
internal static class Qwen3Next
{
    private const int AttentionInterval = 4;

    public static Blueprint Read35(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        int[] sections = header.NumbersPerLayer("rope.dimension_sections", 4)
            ?? throw new ModelException($"The metadata lacks '{header.Prefixed("rope.dimension_sections")}'.");
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.NeoX) with { FactorsTensor = null, Sections = [.. sections], InterleavedSections = true };
        return Read(transformer, rotary, keyHeadsRepeat: true, layer => transformer.FeedForward(layer) with { Bias = false });
    }

    private static Blueprint Read(
        TransformerHeader transformer, RotaryBlueprint rotary, bool keyHeadsRepeat, Func<int, BlockBlueprint> feedForward)
    {
        var states = new StateSpaceHeader(transformer);
        bool[] recurrent = states.RecurrentLayers(AttentionInterval);
        float scale = transformer.Header.Single("attention.scale", 0);
        AttentionBlueprint Attention(int layer)
        {
            AttentionBlueprint attention = transformer.Attention(layer, rotary) with
            {
                OutputBias = false,
                Gate = new AttentionGate(Activation.Sigmoid, InQuery: true),
                QueryNorm = new HeadNormBlueprint(transformer.RmsNorm("attn_q_norm")),
                KeyNorm = new HeadNormBlueprint(transformer.RmsNorm("attn_k_norm")),
            };
            return scale == 0 ? attention : attention with { Scale = scale };
        }

        return transformer.Build(layer => LayerBlueprint.Sequential(
            recurrent[layer] ? states.GatedDelta(layer, keyHeadsRepeat) : Attention(layer),
            feedForward(layer) with { Norm = transformer.RmsNorm("post_attention_norm") }));
    }
}
