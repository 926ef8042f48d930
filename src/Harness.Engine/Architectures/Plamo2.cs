using Harness.Engine.Blueprints;

namespace Harness.Engine.Architectures;

/// <summary>PLaMo 2: layers of its own Mamba-2 or of attention with a norm for each head, norms before and after blocks.</summary>
internal static class Plamo2
{
    public static Blueprint Read(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        var states = new StateSpaceHeader(transformer);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.NeoX) with { FactorsTensor = null };
        return transformer.Build(layer =>
        {
            BlockBlueprint mixer = transformer.KeyValueHeads(layer) == 0
                ? states.LateMamba2()
                : transformer.Attention(layer, rotary) with
                {
                    QueryNorm = new HeadNormBlueprint(transformer.RmsNorm("attn_q_norm")),
                    KeyNorm = new HeadNormBlueprint(transformer.RmsNorm("attn_k_norm")),
                    Scale = 1 / MathF.Sqrt(transformer.ValueLength),
                };
            return new LayerBlueprint(
            [
                new BranchBlueprint(mixer) { PostNorm = transformer.RmsNorm("post_attention_norm") },
                new BranchBlueprint(transformer.FeedForward(layer) with { Gate = FeedForwardGate.FirstHalfOfUp, TensorScales = false })
                {
                    PostNorm = transformer.RmsNorm("post_ffw_norm"),
                },
            ]);
        });
    }
}
