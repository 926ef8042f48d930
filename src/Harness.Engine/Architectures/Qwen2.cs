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
        Blueprint blueprint = TransformerHeader.Read(header, RotaryKind.NeoX);
        return blueprint with
        {
            OutputBias = header.Has("output.bias"),
            Layers = [.. blueprint.Layers.Select(layer => layer with
            {
                // The family has none of these; a file that holds such a tensor is another model.
                Attention = layer.Attention with
                {
                    OutputBias = false,
                    Rotary = layer.Attention.Rotary with { FrequencyFactors = false },
                },
                FeedForward = layer.FeedForward with { Bias = false, TensorScales = false },
            })],
        };
    }
}
