using Harness.Engine.Blueprints;

namespace Harness.Engine.Architectures;

/// <summary>MiniMax-01: lightning attention, and a softmax layer at the end of each period.</summary>
internal static class MiniMax
{
    // The last tokens of the embedding are padding, and never predicted.
    private const int Tokens = 200_032;

    /// <summary>Reads it.</summary>
    public static Blueprint Read01(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        var experts = new ExpertsHeader(transformer);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.NeoX) with { FactorsTensor = null };
        int period = header.Count("full_attention_interval", 8);
        bool[] linear = header.FlagsPerLayer("attention.recurrent_layers", transformer.Layers)
            ?? [.. Enumerable.Range(1, transformer.Layers).Select(number => number % period != 0)];
        float residual = header.Single("residual_scale");
        RouterBlueprint router = experts.Router(ExpertGating.Softmax, normalize: true);
        return transformer.Build(layer => new LayerBlueprint(
        [
            new BranchBlueprint(linear[layer] ? Lightning(layer) : transformer.Attention(layer, rotary)) { NormedResidual = residual },
            experts.Branch(layer, router) with { NormedResidual = residual },
        ])) with
        {
            TokensPredicted = Tokens,
        };

        LightningAttentionBlueprint Lightning(int layer) => new()
        {
            Norm = transformer.RmsNorm("attn_norm"),
            HeadCount = transformer.Heads(layer),
            HeadLength = transformer.KeyLength,
            SlopeScale = (float)(1.0 - (1.0 * layer / Math.Max(1, transformer.Layers - 1)) + 1e-5),
            OutputNorm = transformer.RmsNorm("attn_norm_2"),
        };
    }
}
