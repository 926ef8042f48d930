using Harness.Engine.Blueprints;

namespace Harness.Engine.Architectures;

/// <summary>Text decoders of models that speak.</summary>
internal static class Spoken
{
    /// <summary>
    /// Talkie: norms without weights, the embedding's too; queries scaled by one number a head after their norm, which
    /// follows the rotation; each layer adds some of the embedding.
    /// </summary>
    public static Blueprint Talkie(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.NeoX) with { FactorsTensor = null };
        NormBlueprint norm = transformer.RmsNorm(null);
        return transformer.Build(layer => new LayerBlueprint(
        [
            new BranchBlueprint(transformer.Attention(layer, rotary) with
            {
                Norm = norm,
                QueryNorm = new HeadNormBlueprint(transformer.RmsNorm("attn_q_norm")) { OneWeightAHead = true },
                KeyNorm = new HeadNormBlueprint(norm),
                NormAfterRotary = true,
            }),
            new BranchBlueprint(transformer.FeedForward(layer) with { Norm = norm }),
            new BranchBlueprint(new CarryBlueprint()) { Input = BranchInput.Embedding, ScaleTensor = "layer_output_scale.weight" },
        ])) with
        {
            Embedding = new EmbeddingBlueprint { Norm = norm },
            OutputNorm = norm,
            LogitScale = header.Single("logit_scale"),
        };
    }

    /// <summary>Pocket TTS's text side: layer norms, GELU without a gate. Its logits exist for the sampler's sake alone.</summary>
    public static Blueprint PocketTts(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.Norm) with { FactorsTensor = null };
        return transformer.Build(layer => LayerBlueprint.Sequential(
            transformer.Attention(layer, rotary),
            transformer.FeedForward(layer) with { Gate = FeedForwardGate.None, Activation = Activation.Gelu }));
    }
}
