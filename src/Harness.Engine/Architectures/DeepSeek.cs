using Harness.Engine.Blueprints;

namespace Harness.Engine.Architectures;

/// <summary>The DeepSeek family: dense layers first, then experts and shared experts; from version 2 on latent attention.</summary>
internal static class DeepSeek
{
    /// <summary>The first version.</summary>
    public static Blueprint Read(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        var experts = new ExpertsHeader(transformer);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.Norm);
        RouterBlueprint router = experts.StatedRouter(ExpertGating.Softmax) with { Gating = ExpertGating.Softmax, NormalizeWeights = false };
        return transformer.Build(layer => new LayerBlueprint([
            new BranchBlueprint(transformer.Attention(layer, rotary)), experts.Branch(layer, router),
        ]));
    }

    /// <summary>The text model of DeepSeek-OCR: rotated by halves, plainly.</summary>
    public static Blueprint ReadOcr(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        var experts = new ExpertsHeader(transformer);
        var rotary = new RotaryBlueprint { Kind = RotaryKind.NeoX, Dimensions = transformer.KeyLength, Base = 10000 };
        RouterBlueprint router = experts.StatedRouter(ExpertGating.Softmax);
        return transformer.Build(layer => new LayerBlueprint([
            new BranchBlueprint(transformer.Attention(layer, rotary)), experts.Branch(layer, router),
        ]));
    }

    /// <summary>Versions 2 and 3, Kimi K2, GLM-4.7 Flash, Mistral 4.</summary>
    public static Blueprint Read2(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        var experts = new ExpertsHeader(transformer);
        var latent = new LatentHeader(transformer, RotaryKind.Norm);
        RouterBlueprint router = experts.StatedRouter(ExpertGating.Softmax);
        float temperature = header.Single("attention.temperature_scale", 0);
        LatentAttentionBlueprint attention = latent.Attention with
        {
            Scale = latent.Attention.Scale * latent.YarnFactor * latent.YarnFactor,
            Temperature = temperature == 0 ? null : new AttentionTemperature(temperature, header.Count("attention.temperature_length")),
        };
        return transformer.Build(layer => new LayerBlueprint([new BranchBlueprint(attention), experts.Branch(layer, router)]));
    }
}
