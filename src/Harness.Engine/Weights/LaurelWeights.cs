using Harness.Engine.Blocks;
using Harness.Engine.Blueprints;

namespace Harness.Engine.Weights;

/// <summary>The tensors of a residual of low rank.</summary>
internal sealed class LaurelWeights : BlockWeights
{
    public required Projection Left { get; init; }

    public required Projection Right { get; init; }

    public required Norm Norm { get; init; }

    public static LaurelWeights Bind(LaurelBlueprint blueprint, LayerBinder binder) => new()
    {
        Left = binder.Project("laurel_l", blueprint.Rank, binder.Embedding, bias: false),
        Right = binder.Project("laurel_r", binder.Embedding, blueprint.Rank, bias: false),
        Norm = binder.Norm(blueprint.ProductNorm, binder.Embedding),
    };

    public override Block Create(BlockContext context) => new LaurelBlock(this, context);
}
