using Harness.Engine.Blueprints;

namespace Harness.Engine.Architectures;

/// <summary>Alibaba's Qwen, dense: rotary halves, RMS norms, SwiGLU.</summary>
internal static class Qwen
{
    /// <summary>Qwen 1: query, key and value in one; the feed-forward's length counts gate and up.</summary>
    public static Blueprint Read1(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        RotaryBlueprint rotary = Rotary(transformer);
        return transformer.Build(layer =>
        {
            FeedForwardBlueprint feedForward = FeedForward(transformer, layer);
            return LayerBlueprint.Sequential(
                transformer.Attention(layer, rotary) with { OutputBias = false }, feedForward with { Length = feedForward.Length / 2 });
        });
    }

    /// <summary>Qwen 1.5, 2 and 2.5: biases on query, key and value, often a tied output.</summary>
    public static Blueprint Read2(ModelHeader header)
    {
        TransformerHeader.RefuseExperts(header);
        var transformer = new TransformerHeader(header);
        RotaryBlueprint rotary = Rotary(transformer);
        return transformer.Build(layer => LayerBlueprint.Sequential(
            transformer.Attention(layer, rotary) with { OutputBias = false }, FeedForward(transformer, layer))) with
        {
            OutputBias = header.Has("output.bias"),
        };
    }

    /// <summary>Qwen 2 VL's text model: a sectioned rotation.</summary>
    public static Blueprint Read2Vl(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        RotaryBlueprint rotary = transformer.SectionedRotary(RotaryKind.NeoX) with { FactorsTensor = null };
        return transformer.Without(
            transformer.Build(layer => LayerBlueprint.Sequential(transformer.Attention(layer, rotary), FeedForward(transformer, layer))), "output.bias");
    }

    /// <summary>Qwen 3: each head's query and key normed.</summary>
    public static Blueprint Read3(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        return HeadNormed(transformer, Rotary(transformer));
    }

    /// <summary>Qwen 3 VL's text model, and Qwen 3 TTS's speaker, which writes codes of a voice: sections that alternate, of which text sees one axis.</summary>
    public static Blueprint Read3Vl(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        return HeadNormed(transformer, transformer.SectionedRotary(RotaryKind.NeoX) with { FactorsTensor = null, InterleavedSections = true });
    }

    // A reranker's file holds a classifier of what the last layer yields.
    private static Blueprint HeadNormed(TransformerHeader transformer, RotaryBlueprint rotary) => transformer.Without(
        transformer.Build(layer => LayerBlueprint.Sequential(
            transformer.WithHeadNorms(transformer.Attention(layer, rotary)), FeedForward(transformer, layer))),
        "cls.");

    // The family has none of what is denied here; a file that holds such a tensor is another model.
    private static RotaryBlueprint Rotary(TransformerHeader transformer) => transformer.Rotary(RotaryKind.NeoX) with { FactorsTensor = null };

    private static FeedForwardBlueprint FeedForward(TransformerHeader transformer, int layer) =>
        transformer.FeedForward(layer) with { Bias = false };
}
