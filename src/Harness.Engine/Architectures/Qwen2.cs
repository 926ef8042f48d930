using Harness.Engine.Blueprints;

namespace Harness.Engine.Architectures;

/// <summary>
/// Qwen 1.5, 2 and 2.5: rotary halves, biases on query, key and value, often a tied output.
/// </summary>
internal static class Qwen2
{
    public static Blueprint Read(ModelHeader header)
    {
        TransformerHeader.RefuseExperts(header);
        var transformer = new TransformerHeader(header);

        // The family has none of what is denied here; a file that holds such a tensor is another model.
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.NeoX) with { FactorsTensor = null };
        return transformer.Build(layer => LayerBlueprint.Sequential(
            transformer.Attention(layer, rotary) with { OutputBias = false },
            transformer.FeedForward(layer) with { Bias = false, TensorScales = false })) with
        {
            OutputBias = header.Has("output.bias"),
        };
    }
}
