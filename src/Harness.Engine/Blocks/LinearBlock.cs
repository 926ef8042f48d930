using Harness.Engine.Blueprints;
using Harness.Engine.Compute;
using Harness.Engine.Weights;

namespace Harness.Engine.Blocks;

/// <summary>Computes a <see cref="LinearBlueprint"/>.</summary>
internal sealed class LinearBlock(LinearWeights weights, BlockContext context) : Block(context)
{
    protected override void Run() => ProjectToOutput(weights.Matrix, Input);
}

/// <summary>Computes a <see cref="CarryBlueprint"/>.</summary>
internal sealed unsafe class CarryBlock : Block
{
    private readonly int embedding;
    private readonly ParallelBody carry;

    public CarryBlock(BlockContext context)
        : base(context)
    {
        embedding = context.Blueprint.EmbeddingLength;
        carry = Carry;
    }

    protected override void Run() => Pool.Run(Panel.Tokens, carry);

    private void Carry(int token, int worker)
    {
        if (Accumulate)
            Primitives.Add(Output[token], Input[token], embedding);
        else
            new ReadOnlySpan<float>(Input[token], embedding).CopyTo(new Span<float>(Output[token], embedding));
    }
}
