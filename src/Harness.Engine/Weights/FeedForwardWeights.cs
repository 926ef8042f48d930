using Harness.Engine.Blocks;
using Harness.Engine.Blueprints;

namespace Harness.Engine.Weights;

/// <summary>The tensors of a feed-forward.</summary>
internal sealed unsafe class FeedForwardWeights : BlockWeights
{
    public required FeedForwardBlueprint Blueprint { get; init; }

    /// <summary>Null where there is none, or where it is part of <see cref="Up"/>.</summary>
    public required Projection? Gate { get; init; }

    public required Projection Up { get; init; }

    /// <summary>One divisor a value of the activation, or null.</summary>
    public required float* Divisors { get; init; }

    public required Norm? SubNorm { get; init; }

    public required Projection Down { get; init; }

    /// <summary>One row, or null: its product's sigmoid multiplies the result.</summary>
    public required Projection? TokenGate { get; init; }

    public static FeedForwardWeights Bind(FeedForwardBlueprint feedForward, LayerBinder binder)
    {
        Projection Project(string name, int rows, int columns) => binder.Project(
            name + feedForward.TensorSuffix, rows, columns, feedForward.Bias, scaleAfterBias: true, feedForward.TensorScales);

        int length = feedForward.Length;
        return new FeedForwardWeights
        {
            Blueprint = feedForward,
            Gate = feedForward.Gate == FeedForwardGate.Split ? Project("ffn_gate", length, binder.Embedding) : null,
            Up = Project("ffn_up", feedForward.Gate == FeedForwardGate.FirstHalfOfUp ? 2 * length : length, binder.Embedding),
            Divisors = feedForward.DivisorTensor is { } divisors ? binder.Vector(divisors, length) : null,
            SubNorm = feedForward.SubNorm is { } norm ? binder.Norm(norm, length) : null,
            Down = Project("ffn_down", binder.Embedding, length),
            TokenGate = feedForward.TokenGate is { } gate ? binder.Project(gate, 1, binder.Embedding, bias: false) : null,
        };
    }

    public override Block Create(BlockContext context) => new FeedForwardBlock(this, context);
}
