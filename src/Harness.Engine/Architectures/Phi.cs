using Harness.Engine.Blueprints;

namespace Harness.Engine.Architectures;

/// <summary>Microsoft's Phi.</summary>
internal static class Phi
{
    /// <summary>Phi 1, 1.5 and 2: attention and an ungated feed-forward side by side behind one LayerNorm, biases everywhere.</summary>
    public static Blueprint Read2(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.NeoX) with { FactorsTensor = null };
        return transformer.Build(layer => LayerBlueprint.Parallel(
            transformer.Attention(layer, rotary),
            transformer.FeedForward(layer) with
            {
                Norm = transformer.LayerNorm("attn_norm"),
                Activation = Activation.Gelu,
                Gate = FeedForwardGate.None,
            })) with
        {
            OutputBias = true,
        };
    }

    /// <summary>Phi 3, 3.5 and 4: fused projections, longrope. Its window is not heeded, as llama.cpp does not.</summary>
    public static Blueprint Read3(ModelHeader header)
    {
        TransformerHeader.RefuseExperts(header);
        var transformer = new TransformerHeader(header);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.NeoX);
        return transformer.Build(layer => LayerBlueprint.Sequential(
            transformer.Attention(layer, rotary),
            transformer.FeedForward(layer) with { Gate = FeedForwardGate.FirstHalfOfUp, Bias = false })) with
        {
            OutputBias = header.Has("output.bias"),
        };
    }
}
