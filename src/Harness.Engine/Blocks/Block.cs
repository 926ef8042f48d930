using Harness.Engine.Compute;
using Harness.Engine.Kernels;

namespace Harness.Engine.Blocks;

/// <summary>
/// One block of a layer in one session: reads a row for each token of the panel and writes, or adds, a row for each. What
/// it computes for a token depends on no other thing than the tokens up to it, in one order: not on the number of
/// threads and not on how a prompt is split.
/// </summary>
internal abstract unsafe class Block
{
    protected Block(BlockContext context)
    {
        context.BeginBlock();
        Panel = context.Panel;
        Pool = context.Pool;
        Primitives = context.Primitives;
        Matrices = context.Matrices;
    }

    protected Panel Panel { get; }

    protected ComputePool Pool { get; }

    protected IPrimitives Primitives { get; }

    protected MatrixWork Matrices { get; }

    /// <summary>What the block reads; of the residual stream's width.</summary>
    protected PanelRows Input { get; private set; }

    /// <summary>Where its result goes; of the residual stream's width.</summary>
    protected PanelRows Output { get; private set; }

    /// <summary>The result is added to what the output holds.</summary>
    protected bool Accumulate { get; private set; }

    /// <summary>Runs the block over the panel.</summary>
    public void Run(PanelRows input, PanelRows output, bool accumulate)
    {
        Input = input;
        Output = output;
        Accumulate = accumulate;
        Run();
    }

    /// <summary>Forgets the state: the next panel begins at position 0.</summary>
    public virtual void StartOver()
    {
    }

    /// <summary>Computes the block.</summary>
    protected abstract void Run();

    /// <summary>Adds a projection of all tokens to the work at hand.</summary>
    protected void Project(Kernels.MatrixWork work, Weights.Projection projection, PanelRows input, PanelRows output, bool accumulate = false) =>
        work.Add(projection, input.Start, input.Stride, output.Start, output.Stride, Panel.Tokens, accumulate);

    /// <summary>The last step of most blocks: a projection to the output.</summary>
    protected void ProjectToOutput(Weights.Projection projection, PanelRows input)
    {
        Project(Matrices, projection, input, Output, Accumulate);
        Matrices.Run();
    }
}
