using System.Globalization;
using Harness.Engine.Blueprints;

namespace Harness.Engine.Architectures;

/// <summary>Text decoders of models that see.</summary>
internal static class Sighted
{
    /// <summary>CogVLM: llama with rotary halves; beside each matrix stands one for images. Of the rotary keys, none counts.</summary>
    public static Blueprint CogVlm(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        var rotary = new RotaryBlueprint { Kind = RotaryKind.NeoX, Dimensions = transformer.KeyLength, Base = 10000 };
        return transformer.Build(layer => LayerBlueprint.Sequential(transformer.Attention(layer, rotary), transformer.FeedForward(layer))) with
        {
            UnusedTensors =
            [
                "rope_freqs.weight",
                .. Enumerable.Range(0, transformer.Layers).Select(i => string.Create(CultureInfo.InvariantCulture, $"blk.{i}.vis_")),
            ],
        };
    }

    /// <summary>
    /// Hunyuan VL: sectioned rotation where there are sections, its base stretched by
    /// <c>alpha^(d / (d − 2))</c>; queries and keys normed after it.
    /// </summary>
    public static Blueprint HunyuanVl(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        RotaryBlueprint rotary = transformer.SectionedRotary(RotaryKind.NeoX);
        float alpha = header.Single("rope.scaling.alpha", 0);
        if (alpha > 0)
            rotary = rotary with { Base = rotary.Base * MathF.Pow(alpha, (float)transformer.KeyLength / (transformer.KeyLength - 2)) };
        return transformer.Build(layer => LayerBlueprint.Sequential(
            transformer.WithHeadNorms(transformer.Attention(layer, rotary)) with { NormAfterRotary = true }, transformer.FeedForward(layer)));
    }

    /// <summary>PaddleOCR-VL: ERNIE 4.5 with sectioned rotation.</summary>
    public static Blueprint PaddleOcr(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        RotaryBlueprint rotary = transformer.SectionedRotary(RotaryKind.NeoX) with { FactorsTensor = null };
        return transformer.Build(layer => LayerBlueprint.Sequential(transformer.Attention(layer, rotary), transformer.FeedForward(layer)));
    }
}
