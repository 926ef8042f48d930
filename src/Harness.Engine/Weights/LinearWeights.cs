using Harness.Engine.Blocks;

namespace Harness.Engine.Weights;

/// <summary>The matrix of a linear block.</summary>
internal sealed class LinearWeights(Projection matrix) : BlockWeights
{
    public Projection Matrix => matrix;

    public override Block Create(BlockContext context) => new LinearBlock(this, context);
}

/// <summary>A block without tensors.</summary>
internal sealed class CarryWeights : BlockWeights
{
    public override Block Create(BlockContext context) => new CarryBlock(context);
}
