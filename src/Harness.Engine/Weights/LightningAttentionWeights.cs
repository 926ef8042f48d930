using Harness.Engine.Blocks;
using Harness.Engine.Blueprints;

namespace Harness.Engine.Weights;

/// <summary>The tensors of lightning attention.</summary>
internal sealed class LightningAttentionWeights : BlockWeights
{
    public required LightningAttentionBlueprint Blueprint { get; init; }

    public required Projection QueryKeyValue { get; init; }

    public required Projection Gate { get; init; }

    public required Norm OutputNorm { get; init; }

    public required Projection Output { get; init; }

    public override Block Create(BlockContext context) => new LightningAttentionBlock(this, context);
}
