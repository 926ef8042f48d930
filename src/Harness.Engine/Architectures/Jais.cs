using Harness.Engine.Blueprints;

namespace Harness.Engine.Architectures;

/// <summary>Jais and Jais 2: layer norms, biases everywhere.</summary>
internal static class Jais
{
    /// <summary>Jais: linear biases by distance; scores over a head's length, as maximal update parametrization has it.</summary>
    public static Blueprint First(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        return transformer.Build(layer => LayerBlueprint.Sequential(
            transformer.Attention(layer, null) with
            {
                AlibiMaxBias = header.Single("attention.max_alibi_bias", 0),
                Scale = 1f / transformer.KeyLength,
            },
            transformer.FeedForward(layer)));
    }

    /// <summary>Jais 2: rotary halves, squared ReLU without a gate.</summary>
    public static Blueprint Second(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.NeoX) with { FactorsTensor = null };
        return transformer.Build(layer => LayerBlueprint.Sequential(
            transformer.Attention(layer, rotary),
            transformer.FeedForward(layer) with { Gate = FeedForwardGate.None, Activation = Activation.ReluSquared }));
    }
}
