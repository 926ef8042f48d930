using Harness.Engine.Blueprints;
using Harness.Engine.Compute;
using Harness.Engine.Kernels;
using Harness.Engine.Weights;

namespace Harness.Engine.Blocks;

/// <summary>Computes a <see cref="PerLayerInputBlueprint"/>.</summary>
internal sealed unsafe class PerLayerInputBlock : Block
{
    private readonly PerLayerInputWeights weights;
    private readonly int length;
    private readonly float embeddingScale;
    private readonly RowsLayout embedded;
    private readonly RowsLayout gate;
    private readonly RowsLayout vector;
    private readonly ParallelBody mix;

    // The part of a row of the table that holds this layer's vector, from one block's start to another's end.
    private readonly int first;
    private readonly int count;

    public PerLayerInputBlock(PerLayerInputWeights weights, BlockContext context)
        : base(context)
    {
        this.weights = weights;
        length = weights.Blueprint.Length;
        embeddingScale = 1 / MathF.Sqrt(context.Blueprint.EmbeddingLength);
        embedded = context.SharedRows(BlockContext.Embedding, context.Blueprint.EmbeddingLength);
        gate = context.Rows(length);
        vector = context.Rows(length);
        int block = weights.Table.Format.BlockLength;
        first = weights.Layer * length / block * block;
        count = ((((weights.Layer + 1) * length) + block - 1) / block * block) - first;
        context.RequireThreadScratch(MatrixKernels.Pad(count));
        mix = Mix;
    }

    protected override void Run()
    {
        Project(Matrices, weights.Gate, Input, Panel.Rows(gate));
        Project(Matrices, weights.Vector, Panel.Rows(embedded), Panel.Rows(vector));
        Matrices.Run();
        Pool.Run(Panel.Tokens, mix);
        ProjectToOutput(weights.Back, Panel.Rows(gate));
    }

    private void Mix(int token, int worker)
    {
        float* values = Panel.Rows(vector)[token];
        for (int i = 0; i < length; i++)
            values[i] *= embeddingScale;
        weights.VectorNorm.Apply(Primitives, values, values);

        WeightMatrix table = weights.Table;
        float* row = Panel.ThreadScratch(worker);
        byte* stored = table.Data + (Panel.Ids[token] * table.RowBytes) + ((long)first / table.Format.BlockLength * table.Format.BlockBytes);
        table.Kernel.UnpackRow(stored, count, row);
        row += (weights.Layer * length) - first;
        float scale = MathF.Sqrt(length);
        for (int i = 0; i < length; i++)
            values[i] = (values[i] + (scale * row[i])) * (1 / MathF.Sqrt(2));
        Primitives.Activate(Activation.Gelu, Panel.Rows(gate)[token], values, length);
    }
}
