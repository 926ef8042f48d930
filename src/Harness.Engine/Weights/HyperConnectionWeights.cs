using Harness.Engine.Blueprints;

namespace Harness.Engine.Weights;

/// <summary>The tensors of a hyper-connection.</summary>
internal sealed unsafe class HyperConnectionWeights
{
    public required HyperConnectionBlueprint Blueprint { get; init; }

    /// <summary>From all streams, normalised together, to a number for each stream read and each written.</summary>
    public required Projection Mix { get; init; }

    /// <summary>Added to those numbers.</summary>
    public required float* Base { get; init; }

    /// <summary>Multiplies those numbers before that: one value for streams read, one for streams written.</summary>
    public required float* Scale { get; init; }

    /// <param name="hyper">The choices.</param>
    /// <param name="prefix"><c>blk.N.</c> or nothing.</param>
    /// <param name="embedding">Width of a stream.</param>
    /// <param name="binder">The tensors.</param>
    public static HyperConnectionWeights Bind(HyperConnectionBlueprint hyper, string prefix, int embedding, WeightBinder binder)
    {
        int kinds = hyper.Magnitude > 0 ? 2 : 1;
        string name = prefix + hyper.Tensor;
        return new HyperConnectionWeights
        {
            Blueprint = hyper,
            Mix = binder.Project(name + "_fn", kinds * hyper.Streams, checked(hyper.Streams * embedding), bias: false),
            Base = binder.Values(name + "_base.weight", kinds * hyper.Streams),
            Scale = binder.Values(name + "_scale.weight", kinds),
        };
    }
}
