using Harness.Engine.Blueprints;

namespace Harness.Engine.Architectures;

/// <summary>Architectures that are llama but for a choice or two.</summary>
internal static class LlamaKin
{
    /// <summary>XVERSE: llama without biases or frequency factors.</summary>
    public static Blueprint Xverse(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.Norm) with { FactorsTensor = null };
        return transformer.Build(layer => LayerBlueprint.Sequential(transformer.Attention(layer, rotary), transformer.FeedForward(layer)));
    }

    /// <summary>Orion, openPangu Embedded: the same with rotary halves; which norm and which biases, the file says.</summary>
    public static Blueprint WithRotaryHalves(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.NeoX) with { FactorsTensor = null };
        return transformer.Build(layer => LayerBlueprint.Sequential(transformer.Attention(layer, rotary), transformer.FeedForward(layer)));
    }

    /// <summary>Arcee (AFM): a feed-forward of squared ReLU without a gate.</summary>
    public static Blueprint Arcee(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.Norm);
        return transformer.Build(layer => LayerBlueprint.Sequential(
            transformer.Attention(layer, rotary),
            transformer.FeedForward(layer) with { Gate = FeedForwardGate.None, Activation = Activation.ReluSquared }));
    }

    /// <summary>Maincoder: queries and keys normed after the rotation.</summary>
    public static Blueprint Maincoder(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.Norm) with { FactorsTensor = null };
        return transformer.Build(layer => LayerBlueprint.Sequential(
            transformer.WithHeadNorms(transformer.Attention(layer, rotary)) with { NormAfterRotary = true }, transformer.FeedForward(layer)));
    }

    /// <summary>Apertus: xIELU without a gate, with numbers of its own in each layer; normed queries and keys.</summary>
    public static Blueprint Apertus(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.NeoX);
        float[] PerLayer(string key) => header.SinglesPerLayer(key, transformer.Layers)
            ?? throw new ModelException($"The metadata lacks '{key}'.");
        float[] negative = PerLayer("xielu.alpha_n"), positive = PerLayer("xielu.alpha_p"), beta = PerLayer("xielu.beta"), epsilon = PerLayer("xielu.eps");
        return transformer.Build(layer => LayerBlueprint.Sequential(
            transformer.WithHeadNorms(transformer.Attention(layer, rotary)),
            transformer.FeedForward(layer) with
            {
                Gate = FeedForwardGate.None,
                Xielu = new XieluParameters(negative[layer], positive[layer], beta[layer], epsilon[layer]),
            }));
    }

    /// <summary>BitNet b1.58: a norm within each block, before its projection back; a scale beside each matrix.</summary>
    public static Blueprint BitNet(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.NeoX) with { FactorsTensor = null };
        return transformer.Build(layer => LayerBlueprint.Sequential(
            transformer.Attention(layer, rotary) with { SubNorm = transformer.RmsNorm("attn_sub_norm") },
            transformer.FeedForward(layer) with { SubNorm = transformer.RmsNorm("ffn_sub_norm") }));
    }

    /// <summary>OpenELM: head counts and feed-forward lengths of their own in each layer; normed queries and keys.</summary>
    public static Blueprint OpenElm(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.NeoX) with { FactorsTensor = null };
        return transformer.Build(layer => LayerBlueprint.Sequential(
            transformer.WithHeadNorms(transformer.Attention(layer, rotary)), transformer.FeedForward(layer)));
    }

    /// <summary>
    /// DeciLM and Nemotron's descendants of Llama 3: what a search left of each layer. Attention may be whole, one
    /// matrix alone, or absent; so may the feed-forward. A layer without a feed-forward does nothing: llama.cpp computes
    /// it so, and the models that have such layers have no attention in them either.
    /// </summary>
    public static Blueprint Deci(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.Norm);
        return transformer.Build(layer =>
        {
            if (transformer.FeedForwardLength(layer) == 0) return LayerBlueprint.Sequential();
            if (transformer.Heads(layer) == 0) return LayerBlueprint.Sequential(transformer.FeedForward(layer));
            BlockBlueprint attention = transformer.KeyValueHeads(layer) == 0
                ? new LinearBlueprint("attn_output") { Norm = transformer.RmsNorm("attn_norm") }
                : transformer.Attention(layer, rotary);
            return LayerBlueprint.Sequential(attention, transformer.FeedForward(layer));
        });
    }
}
