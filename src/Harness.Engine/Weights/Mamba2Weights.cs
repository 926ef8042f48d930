using Harness.Engine.Blocks;
using Harness.Engine.Blueprints;

namespace Harness.Engine.Weights;

/// <summary>The tensors of a Mamba-2 block.</summary>
internal sealed unsafe class Mamba2Weights : BlockWeights
{
    public required Mamba2Blueprint Blueprint { get; init; }

    /// <summary>Yields gate, input, B, C and time steps; in PLaMo 2 each head's gate and input.</summary>
    public required Projection Input { get; init; }

    public required float* Taps { get; init; }

    public required float* TapsBias { get; init; }

    /// <summary>PLaMo 2: yields B, C and low-rank time steps.</summary>
    public required Projection? Mix { get; init; }

    public required Norm? TimeStepNorm { get; init; }

    public required Norm? KeyNorm { get; init; }

    public required Norm? QueryNorm { get; init; }

    /// <summary>PLaMo 2: yields the time steps.</summary>
    public required Projection? TimeStep { get; init; }

    /// <summary>Added to each head's time step where no projection adds it.</summary>
    public required float* TimeStepBias { get; init; }

    /// <summary>A, negative, a head each.</summary>
    public required float* Decay { get; init; }

    /// <summary>D, a head each.</summary>
    public required float* Skip { get; init; }

    public required Norm? GroupNorm { get; init; }

    /// <summary>From one group's norm weights to the next one's.</summary>
    public required int GroupNormStride { get; init; }

    public required Projection Output { get; init; }

    public static Mamba2Weights Bind(Mamba2Blueprint mamba, LayerBinder binder)
    {
        int inner = mamba.Inner;
        int states = mamba.StateLength;
        int rank = mamba.TimeStepRank;
        bool late = rank > 0;
        Norm? MixNorm(string tensor, int length) =>
            late && mamba.MixNorm is { } norm ? binder.Norm(norm with { Tensor = tensor }, length) : null;
        return new Mamba2Weights
        {
            Blueprint = mamba,
            Input = binder.Project("ssm_in", late ? 2 * inner : inner + mamba.Channels + mamba.Heads, binder.Embedding, bias: false),
            Taps = binder.Values("ssm_conv1d.weight", (long)mamba.Taps * mamba.Channels),
            TapsBias = binder.Has("ssm_conv1d.bias") ? binder.Vector("ssm_conv1d.bias", mamba.Channels) : null,
            Mix = late ? binder.Project("ssm_x", rank + (2 * states), inner, bias: false, tensorScale: false) : null,
            TimeStepNorm = MixNorm("ssm_dt_norm", rank),
            KeyNorm = MixNorm("ssm_b_norm", states),
            QueryNorm = MixNorm("ssm_c_norm", states),
            TimeStep = late ? binder.Project("ssm_dt", mamba.Heads, rank, bias: true, tensorScale: false) : null,
            TimeStepBias = late ? null : binder.Values("ssm_dt.bias", mamba.Heads),
            Decay = binder.Values("ssm_a", mamba.Heads),
            Skip = binder.Values("ssm_d", mamba.Heads),
            GroupNorm = mamba.GroupNorm is { } group ? binder.Norm(group, inner).OfParts(inner / mamba.Groups) : null,
            GroupNormStride = inner / mamba.Groups,
            Output = binder.Project("ssm_out", binder.Embedding, inner, bias: false),
        };
    }

    public override Block Create(BlockContext context) => new Mamba2Block(this, context);
}
