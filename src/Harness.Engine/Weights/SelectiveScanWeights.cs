using Harness.Engine.Blocks;
using Harness.Engine.Blueprints;

namespace Harness.Engine.Weights;

/// <summary>The tensors of a selective scan.</summary>
internal sealed unsafe class SelectiveScanWeights : BlockWeights
{
    public required SelectiveScanBlueprint Blueprint { get; init; }

    /// <summary>Yields the convolved input, then the gate.</summary>
    public required Projection Input { get; init; }

    public required float* Taps { get; init; }

    public required float* TapsBias { get; init; }

    /// <summary>Yields the low-rank time step, B and C.</summary>
    public required Projection Mix { get; init; }

    public required Norm? TimeStepNorm { get; init; }

    public required Norm? KeyNorm { get; init; }

    public required Norm? QueryNorm { get; init; }

    /// <summary>Yields the time steps.</summary>
    public required Projection TimeStep { get; init; }

    /// <summary>A, negative: channels × states.</summary>
    public required float* Decay { get; init; }

    /// <summary>D, a channel each.</summary>
    public required float* Skip { get; init; }

    public required Projection Output { get; init; }

    public static SelectiveScanWeights Bind(SelectiveScanBlueprint scan, LayerBinder binder)
    {
        Norm? MixNorm(string tensor, int length) => scan.MixNorm is { } norm
            ? binder.Norm(norm with { Tensor = norm.Tensor is null ? null : tensor }, length)
            : null;
        return new SelectiveScanWeights
        {
            Blueprint = scan,
            Input = binder.Project("ssm_in", 2 * scan.Inner, binder.Embedding, bias: false),
            Taps = binder.Values("ssm_conv1d.weight", (long)scan.Taps * scan.Inner),
            TapsBias = binder.Vector("ssm_conv1d.bias", scan.Inner),
            Mix = binder.Project("ssm_x", scan.TimeStepRank + (2 * scan.StateLength), scan.Inner, bias: false, tensorScale: false),
            TimeStepNorm = MixNorm("ssm_dt_norm", scan.TimeStepRank),
            KeyNorm = MixNorm("ssm_b_norm", scan.StateLength),
            QueryNorm = MixNorm("ssm_c_norm", scan.StateLength),
            TimeStep = binder.Project("ssm_dt", scan.Inner, scan.TimeStepRank, bias: true, tensorScale: false),
            Decay = binder.Values("ssm_a", (long)scan.StateLength * scan.Inner),
            Skip = binder.Values("ssm_d", scan.Inner),
            Output = binder.Project("ssm_out", binder.Embedding, scan.Inner, bias: false),
        };
    }

    public override Block Create(BlockContext context) => new SelectiveScanBlock(this, context);
}
