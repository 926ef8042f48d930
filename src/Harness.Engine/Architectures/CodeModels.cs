using Harness.Engine.Blueprints;

namespace Harness.Engine.Architectures;

/// <summary>Models for code that are not StarCoder.</summary>
internal static class CodeModels
{
    // Refact's slopes are those of the paper; no key tells them.
    private const float RefactAlibiBias = 8;

    /// <summary>Refact: linear biases by distance, and one head of keys and values.</summary>
    public static Blueprint Refact(ModelHeader header)
    {
        TransformerHeader.RefuseExperts(header);
        var transformer = new TransformerHeader(header);
        return transformer.Without(
            transformer.Build(layer => LayerBlueprint.Sequential(
                transformer.Attention(layer, null) with { AlibiMaxBias = RefactAlibiBias, OutputBias = false },
                transformer.FeedForward(layer) with { Bias = false })),
            "rope_freqs.",
            "blk.*.attn_output.bias",
            "blk.*.ffn_gate.bias",
            "blk.*.ffn_up.bias",
            "blk.*.ffn_down.bias");
    }

    /// <summary>CodeShell: GELU without a gate; layer norms and biases; the embedding may be told as the output head alone.</summary>
    public static Blueprint CodeShell(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.NeoX) with { FactorsTensor = null };
        return transformer.Build(layer => LayerBlueprint.Sequential(
            transformer.Attention(layer, rotary),
            transformer.FeedForward(layer) with { Gate = FeedForwardGate.None, Activation = Activation.Gelu }),
            header.Has("token_embd.weight") ? "token_embd.weight" : "output.weight");
    }
}
