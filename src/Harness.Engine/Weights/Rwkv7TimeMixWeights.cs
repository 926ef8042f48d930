using Harness.Engine.Blocks;
using Harness.Engine.Blueprints;

namespace Harness.Engine.Weights;

/// <summary>The tensors of RWKV 7's time mix.</summary>
internal sealed unsafe class Rwkv7TimeMixWeights : BlockWeights
{
    public required Rwkv7TimeMixBlueprint Blueprint { get; init; }

    /// <summary>Mixing amounts of receptance, decay, key, value, rate and gate, Width values each.</summary>
    public required float* Mixes { get; init; }

    public required Projection DecayReduction { get; init; }

    public required Projection DecayExpansion { get; init; }

    public required float* DecayConstant { get; init; }

    public required Projection RateReduction { get; init; }

    public required Projection RateExpansion { get; init; }

    public required float* RateConstant { get; init; }

    public required Projection? ValueReduction { get; init; }

    public required Projection? ValueExpansion { get; init; }

    public required float* ValueConstant { get; init; }

    public required Projection? GateReduction { get; init; }

    public required Projection? GateExpansion { get; init; }

    /// <summary>Scales keys before they are removed by.</summary>
    public required float* RemovalScale { get; init; }

    /// <summary>How much of a key follows the rate.</summary>
    public required float* RateScale { get; init; }

    /// <summary>Weights of the present token's bonus.</summary>
    public required float* Bonus { get; init; }

    public required Projection Key { get; init; }

    public required Projection Value { get; init; }

    public required Projection Receptance { get; init; }

    public required float* HeadNormWeight { get; init; }

    public required float* HeadNormBias { get; init; }

    public required Projection Output { get; init; }

    public static Rwkv7TimeMixWeights Bind(Rwkv7TimeMixBlueprint mix, LayerBinder binder)
    {
        int width = mix.Width;
        int mixes = mix.GateRank > 0 ? 6 : 5;
        bool mixesValues = !mix.First;
        Projection Project(string name, int rows, int columns) =>
            binder.Project("time_mix_" + name, rows, columns, bias: false, tensorScale: false);
        float* Values(string name, long count) => binder.Values($"time_mix_{name}.weight", count);

        return new Rwkv7TimeMixWeights
        {
            Blueprint = mix,
            Mixes = Values("lerp_fused", (long)mixes * width),
            DecayReduction = Project("w1", mix.DecayRank, width),
            DecayExpansion = Project("w2", width, mix.DecayRank),
            DecayConstant = Values("w0", width),
            RateReduction = Project("a1", mix.RateRank, width),
            RateExpansion = Project("a2", width, mix.RateRank),
            RateConstant = Values("a0", width),
            ValueReduction = mixesValues ? Project("v1", mix.ValueRank, width) : null,
            ValueExpansion = mixesValues ? Project("v2", width, mix.ValueRank) : null,
            ValueConstant = mixesValues ? Values("v0", width) : null,
            GateReduction = mix.GateRank > 0 ? Project("g1", mix.GateRank, width) : null,
            GateExpansion = mix.GateRank > 0 ? Project("g2", width, mix.GateRank) : null,
            RemovalScale = Values("k_k", width),
            RateScale = Values("k_a", width),
            Bonus = Values("r_k", width),
            Key = Project("key", width, width),
            Value = Project("value", width, width),
            Receptance = Project("receptance", width, width),
            HeadNormWeight = mix.HeadNorm ? Values("ln", width) : null,
            HeadNormBias = mix.HeadNorm ? binder.Values("time_mix_ln.bias", width) : null,
            Output = Project("output", width, width),
        };
    }

    public override Block Create(BlockContext context) => new Rwkv7TimeMixBlock(this, context);
}
