using Harness.Engine.Blueprints;
using Harness.Engine.Compute;
using Harness.Engine.Kernels;
using Harness.Engine.Weights;

namespace Harness.Engine.Blocks;

/// <summary>Computes a <see cref="BranchBlueprint"/>: norms, blocks, and their sum added to the residual stream.</summary>
internal sealed unsafe class ResidualBranch
{
    private readonly Panel panel;
    private readonly ComputePool pool;
    private readonly IPrimitives primitives;
    private readonly int embedding;
    private readonly RowsLayout residual;
    private readonly RowsLayout input;
    private readonly Block[] blocks;
    private readonly Norm[] norms;
    private readonly RowsLayout[] normed;
    private readonly int[] normOfBlock;
    private readonly Norm?[] yieldNorms;
    private readonly RowsLayout yielded;
    private readonly Norm? postNorm;
    private readonly float scale;
    private readonly bool direct;
    private readonly float normedResidual;
    private readonly float streamScale;
    private readonly HyperConnection? hyper;
    private readonly RowsLayout sum;
    private readonly ParallelBody norm;
    private readonly ParallelBody finish;
    private readonly ParallelBody collect;

    // The block whose yield is collected.
    private int current;

    /// <param name="weights">The branch's tensors.</param>
    /// <param name="residual">The residual stream.</param>
    /// <param name="input">What the branch reads.</param>
    /// <param name="context">The session.</param>
    public ResidualBranch(BranchWeights weights, RowsLayout residual, RowsLayout input, BlockContext context)
    {
        this.residual = residual;
        this.input = input;
        panel = context.Panel;
        pool = context.Pool;
        primitives = context.Primitives;
        embedding = context.Blueprint.EmbeddingLength;
        blocks = [.. weights.Blocks.Select(block => block.Create(context))];
        norms = [.. weights.BlockNorms.OfType<Norm>().Distinct()];
        normOfBlock = [.. weights.BlockNorms.Select(n => n is null ? -1 : Array.IndexOf(norms, n))];
        normed = [.. norms.Select((_, i) => context.SharedRows($"normed {i}", embedding))];
        yieldNorms = weights.YieldNorms;
        if (yieldNorms.Any(n => n is not null))
            yielded = context.SharedRows("yielded", embedding);
        postNorm = weights.PostNorm;
        scale = weights.Scale;
        normedResidual = weights.NormedResidual;
        streamScale = weights.StreamScale;
        hyper = weights.HyperConnection is { } connection ? new HyperConnection(connection, residual, context) : null;

        // A block may add to the stream it reads, since it writes last; a second one must not find it changed.
        direct = hyper is null && postNorm is null && scale == 1 && streamScale == 1 && (blocks.Length == 1 || !normOfBlock.Contains(-1));
        if (!direct)
            sum = context.SharedRows("branch", embedding);
        norm = NormToken;
        finish = FinishToken;
        collect = CollectToken;
    }

    public void Run()
    {
        hyper?.Read();
        if (norms.Length > 0)
            pool.Run(panel.Tokens, norm);

        PanelRows target = panel.Rows(direct ? residual : sum);
        for (int i = 0; i < blocks.Length; i++)
        {
            PanelRows rows = panel.Rows(normOfBlock[i] < 0 ? input : normed[normOfBlock[i]]);
            if (yieldNorms[i] is null)
            {
                blocks[i].Run(rows, target, accumulate: direct || i > 0);
                continue;
            }

            blocks[i].Run(rows, panel.Rows(yielded), accumulate: false);
            current = i;
            pool.Run(panel.Tokens, collect);
        }

        if (hyper is not null)
            hyper.Write(target);
        else if (!direct)
            pool.Run(panel.Tokens, finish);
    }

    public void StartOver()
    {
        foreach (Block block in blocks)
            block.StartOver();
    }

    private void NormToken(int token, int worker)
    {
        float* stream = panel.Rows(input)[token];
        for (int i = 0; i < norms.Length; i++)
            norms[i].Apply(primitives, stream, panel.Rows(normed[i])[token]);
        if (normedResidual == 0)
            return;
        float* replaced = panel.Rows(residual)[token];
        float* source = panel.Rows(normed[0])[token];
        for (int i = 0; i < embedding; i++)
            replaced[i] = normedResidual * source[i];
    }

    private void CollectToken(int token, int worker)
    {
        float* row = panel.Rows(yielded)[token];
        yieldNorms[current]!.Apply(primitives, row, row);
        float* target = panel.Rows(direct ? residual : sum)[token];
        if (direct || current > 0)
            primitives.Add(target, row, embedding);
        else
            new ReadOnlySpan<float>(row, embedding).CopyTo(new Span<float>(target, embedding));
    }

    private void FinishToken(int token, int worker)
    {
        float* row = panel.Rows(sum)[token];
        postNorm?.Apply(primitives, row, row);
        float* stream = panel.Rows(residual)[token];
        primitives.AddScaled(stream, scale, row, MatrixKernels.Pad(embedding));
        for (int i = 0; streamScale != 1 && i < embedding; i++)
            stream[i] *= streamScale;
    }
}
