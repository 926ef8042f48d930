using Harness.Engine.Blueprints;
using Harness.Engine.Compute;
using Harness.Engine.Weights;

namespace Harness.Engine.Blocks;

/// <summary>Computes a <see cref="LaurelBlueprint"/>.</summary>
internal sealed unsafe class LaurelBlock : Block
{
    private readonly LaurelWeights weights;
    private readonly int embedding;
    private readonly RowsLayout inner;
    private readonly RowsLayout product;
    private readonly ParallelBody finish;

    public LaurelBlock(LaurelWeights weights, BlockContext context)
        : base(context)
    {
        this.weights = weights;
        embedding = context.Blueprint.EmbeddingLength;
        inner = context.Rows(weights.Left.Weight.Rows);
        product = context.Rows(embedding);
        finish = Finish;
    }

    protected override void Run()
    {
        Project(Matrices, weights.Left, Input, Panel.Rows(inner));
        Matrices.Run();
        Project(Matrices, weights.Right, Panel.Rows(inner), Panel.Rows(product));
        Matrices.Run();
        Pool.Run(Panel.Tokens, finish);
    }

    private void Finish(int token, int worker)
    {
        float* row = Panel.Rows(product)[token];
        weights.Norm.Apply(Primitives, row, row);
        Primitives.Add(row, Input[token], embedding);
        if (Accumulate)
            Primitives.Add(Output[token], row, embedding);
        else
            new ReadOnlySpan<float>(row, embedding).CopyTo(new Span<float>(Output[token], embedding));
    }
}
