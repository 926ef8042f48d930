using Harness.Engine.Blocks;
using Harness.Engine.Blueprints;

namespace Harness.Engine.Weights;

/// <summary>The tensors of RWKV 6's time mix. Lists of five are in the order decay, key, value, receptance, gate.</summary>
internal sealed unsafe class Rwkv6TimeMixWeights : BlockWeights
{
    /// <summary>Inputs that are mixed.</summary>
    public const int Mixes = 5;

    public required Rwkv6TimeMixBlueprint Blueprint { get; init; }

    /// <summary>How much of the token before goes into what the mixing amounts are computed from.</summary>
    public required float* MixOfMixes { get; init; }

    /// <summary>Five ranks' worth of rows.</summary>
    public required Projection MixReduction { get; init; }

    public required Projection[] MixExpansions { get; init; }

    /// <summary>The constant part of each amount: pointers to Width values.</summary>
    public required nint[] MixConstants { get; init; }

    public required Projection DecayReduction { get; init; }

    public required Projection DecayExpansion { get; init; }

    public required float* DecayConstant { get; init; }

    /// <summary>The present token's bonus, a channel each; null where there is none.</summary>
    public required float* Bonus { get; init; }

    public required Projection Key { get; init; }

    public required Projection Value { get; init; }

    public required Projection Receptance { get; init; }

    public required Projection Gate { get; init; }

    public required float* HeadNormWeight { get; init; }

    public required float* HeadNormBias { get; init; }

    public required Projection Output { get; init; }

    public static Rwkv6TimeMixWeights Bind(Rwkv6TimeMixBlueprint mix, LayerBinder binder)
    {
        int width = mix.Width;
        int keyValues = mix.KeyValueHeads * mix.HeadLength;
        Projection Project(string name, int rows, int columns, bool bias = false) =>
            binder.Project("time_mix_" + name, rows, columns, bias, tensorScale: false);

        var constants = new nint[Mixes];
        if (binder.Has("time_mix_lerp_fused.weight"))
        {
            float* fused = binder.Values("time_mix_lerp_fused.weight", (long)Mixes * width);
            for (int i = 0; i < Mixes; i++)
                constants[i] = (nint)(fused + ((long)i * width));
        }
        else
        {
            for (int i = 0; i < Mixes; i++)
                constants[i] = (nint)binder.Values($"time_mix_lerp_{"wkvrg"[i]}.weight", width);
        }

        return new Rwkv6TimeMixWeights
        {
            Blueprint = mix,
            MixOfMixes = binder.Values("time_mix_lerp_x.weight", width),
            MixReduction = Project("w1", Mixes * mix.MixRank, width),
            MixExpansions =
            [
                .. binder.Matrices("time_mix_w2.weight", Mixes, width, mix.MixRank).Select(m => binder.Model.Map(m)),
            ],
            MixConstants = constants,
            DecayReduction = Project("decay_w1", mix.DecayRank, width),
            DecayExpansion = Project("decay_w2", width, mix.DecayRank),
            DecayConstant = binder.Values("time_mix_decay.weight", width),
            Bonus = mix.Bonus ? binder.Values("time_mix_first.weight", width) : null,
            Key = Project("key", keyValues, width, bias: true),
            Value = Project("value", keyValues, width, bias: true),
            Receptance = Project("receptance", width, width, bias: true),
            Gate = Project("gate", width, width),
            HeadNormWeight = mix.Bonus ? binder.Values("time_mix_ln.weight", width) : null,
            HeadNormBias = mix.Bonus ? binder.Values("time_mix_ln.bias", width) : null,
            Output = Project("output", width, width),
        };
    }

    public override Block Create(BlockContext context) => new Rwkv6TimeMixBlock(this, context);
}
