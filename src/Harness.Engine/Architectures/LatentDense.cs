using Harness.Engine.Blueprints;

namespace Harness.Engine.Architectures;

/// <summary>Latent attention with a dense feed-forward.</summary>
internal static class LatentDense
{
    /// <summary>MiniCPM 3: embedding, residual and logits scaled by constants of the model.</summary>
    public static Blueprint ReadMiniCpm3(ModelHeader header)
    {
        const float EmbeddingScale = 12;
        const float Depth = 1.4f;
        const float BaseWidth = 256;
        var transformer = new TransformerHeader(header);
        LatentAttentionBlueprint attention = new LatentHeader(transformer, RotaryKind.NeoX).Attention;
        float scale = Depth / MathF.Sqrt(transformer.Layers);
        return transformer.Build(layer => new LayerBlueprint([
            new BranchBlueprint(attention) { Scale = scale }, new BranchBlueprint(transformer.FeedForward(layer)) { Scale = scale },
        ])) with
        {
            Embedding = new EmbeddingBlueprint { Scale = EmbeddingScale },
            LogitScale = BaseWidth / transformer.Embedding,
        };
    }

    /// <summary>PLM: a squared activation without gate; the output is the embedding.</summary>
    public static Blueprint ReadPlm(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        LatentAttentionBlueprint attention = new LatentHeader(transformer, RotaryKind.Norm).Attention;
        return transformer.Build(layer => LayerBlueprint.Sequential(
            attention,
            transformer.FeedForward(layer) with { Gate = FeedForwardGate.None, Activation = Activation.ReluSquared })) with
        {
            TiedOutput = true,
        };
    }
}
