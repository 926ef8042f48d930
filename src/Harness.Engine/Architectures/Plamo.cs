using Harness.Engine.Blueprints;

namespace Harness.Engine.Architectures;

/// <summary>PLaMo and PLaMo 3: rotary halves.</summary>
internal static class Plamo
{
    /// <summary>PLaMo: attention and feed-forward side by side behind one norm; whole heads are rotated.</summary>
    public static Blueprint First(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.NeoX) with { FactorsTensor = null, Dimensions = transformer.KeyLength };
        return transformer.Build(layer => LayerBlueprint.Parallel(
            transformer.Attention(layer, rotary), transformer.FeedForward(layer) with { Norm = transformer.RmsNorm("attn_norm") }));
    }

    /// <summary>PLaMo 3: norms on both sides of each block, normed queries and keys, windows with a rotary base of their own.</summary>
    public static Blueprint Third(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        int window = header.Number("attention.sliding_window", 0);
        RotaryBlueprint full = transformer.Rotary(RotaryKind.NeoX) with { FactorsTensor = null };
        RotaryBlueprint local = full with { Base = header.Single("rope.freq_base_swa", 10000) };
        bool[] windowed = window > 0 ? transformer.Windowed(8) : new bool[transformer.Layers];
        return transformer.Build(layer => new LayerBlueprint(
        [
            new BranchBlueprint(transformer.WithHeadNorms(transformer.Attention(layer, windowed[layer] ? local : full)) with
            {
                Window = windowed[layer] ? new AttentionWindow(window) : null,
            })
            {
                PostNorm = transformer.RmsNorm("post_attention_norm"),
            },
            new BranchBlueprint(transformer.FeedForward(layer) with { Gate = FeedForwardGate.FirstHalfOfUp })
            {
                PostNorm = transformer.RmsNorm("post_ffw_norm"),
            },
        ]));
    }
}
