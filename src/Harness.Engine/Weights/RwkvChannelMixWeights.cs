using Harness.Engine.Blocks;
using Harness.Engine.Blueprints;

namespace Harness.Engine.Weights;

/// <summary>The tensors of RWKV's channel mix.</summary>
internal sealed unsafe class RwkvChannelMixWeights : BlockWeights
{
    public required RwkvChannelMixBlueprint Blueprint { get; init; }

    public required float* KeyMix { get; init; }

    public required float* ReceptanceMix { get; init; }

    public required Projection Key { get; init; }

    public required Projection Value { get; init; }

    public required Projection? Receptance { get; init; }

    public static RwkvChannelMixWeights Bind(RwkvChannelMixBlueprint mix, LayerBinder binder)
    {
        Projection Project(string name, int rows, int columns) =>
            binder.Project("channel_mix_" + name, rows, columns, bias: false, tensorScale: false);
        return new RwkvChannelMixWeights
        {
            Blueprint = mix,
            KeyMix = binder.Values("channel_mix_lerp_k.weight", mix.Width),
            ReceptanceMix = mix.Receptance ? binder.Values("channel_mix_lerp_r.weight", mix.Width) : null,
            Key = Project("key", mix.Length, mix.Width),
            Value = Project("value", mix.Width, mix.Length),
            Receptance = mix.Receptance ? Project("receptance", mix.Width, mix.Width) : null,
        };
    }

    public override Block Create(BlockContext context) => new RwkvChannelMixBlock(this, context);
}
