using Harness.Engine.Blueprints;

namespace Harness.Engine.Architectures;

/// <summary>LFM2: layers of gated short convolutions or of attention with normed heads, each with a SwiGLU or experts.</summary>
internal static class Lfm2
{
    public static Blueprint Read(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        var states = new StateSpaceHeader(transformer);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.NeoX) with { FactorsTensor = null };
        int window = header.Number("attention.sliding_window", 0);
        Func<int, BranchBlueprint> feedForward = ExpertsHeader.Branches(
            transformer, experts => experts.StatedRouter(ExpertGating.Softmax) with { NormalizeWeights = true });
        Blueprint blueprint = transformer.Build(layer => new LayerBlueprint(
        [
            new BranchBlueprint(transformer.KeyValueHeads(layer) == 0
                ? new ShortConvolutionBlueprint
                {
                    Norm = transformer.RmsNorm("attn_norm"),
                    Width = transformer.Embedding,
                    Taps = states.Taps("shortconv.l_cache"),
                }
                : transformer.Attention(layer, rotary) with
                {
                    OutputBias = false,
                    QueryNorm = new HeadNormBlueprint(transformer.RmsNorm("attn_q_norm")),
                    KeyNorm = new HeadNormBlueprint(transformer.RmsNorm("attn_k_norm")),
                    Window = window > 0 ? new AttentionWindow(window) : null,
                }),
            feedForward(layer),
        ]));
        return blueprint with
        {
            // The family's output norm bears the name of an embedding's.
            OutputNorm = transformer.RmsNorm("token_embd_norm"),

            // Projections of embedding models, which do not take part in logits.
            UnusedTensors = [.. blueprint.UnusedTensors, "dense_2"],
        };
    }
}
