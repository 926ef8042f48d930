using Harness.Engine.Blueprints;

namespace Harness.Engine.Architectures;

/// <summary>LG's EXAONE 4: norms behind the blocks and of each head's query and key.</summary>
internal static class Exaone
{
    // The one model with windows, known by its depth.
    private const int LayersOf32B = 64;

    /// <summary>With windows, the layers without one do not rotate.</summary>
    public static Blueprint Read4(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.NeoX);
        bool windows = transformer.Layers == LayersOf32B;
        bool[] windowed = windows ? transformer.Windowed(period: 4) : new bool[transformer.Layers];
        int length = header.Number("attention.sliding_window", 4096);
        return transformer.Build(layer => Olmo.PostNormed(
            transformer,
            transformer.WithHeadNorms(transformer.Attention(layer, windows && !windowed[layer] ? null : rotary)) with
            {
                Window = windowed[layer] && length > 0 ? new AttentionWindow(length) : null,
            },
            transformer.FeedForward(layer)));
    }
}
