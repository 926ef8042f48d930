using Harness.Engine.Blueprints;
using Harness.Engine.Compute;
using Harness.Engine.Kernels;
using Harness.Engine.Weights;

namespace Harness.Engine.Blocks;

/// <summary>Computes a <see cref="LightningAttentionBlueprint"/>. The state: each head's matrix.</summary>
internal sealed unsafe class LightningAttentionBlock : RecurrentBlock
{
    private readonly LightningAttentionBlueprint blueprint;
    private readonly LightningAttentionWeights weights;
    private readonly HeadState heads;
    private readonly RowsLayout projected;
    private readonly RowsLayout gate;
    private readonly RowsLayout recalled;
    private readonly ParallelBody activate;
    private readonly ParallelBody scan;
    private readonly ParallelBody finish;

    public LightningAttentionBlock(LightningAttentionWeights weights, BlockContext context)
        : base(context, weights.Blueprint.StateBytes(context.Positions, context.CacheType))
    {
        this.weights = weights;
        blueprint = weights.Blueprint;
        heads = new HeadState(blueprint.HeadLength, blueprint.HeadLength);
        projected = context.Rows(3 * blueprint.Width);
        gate = context.Rows(blueprint.Width);
        recalled = context.Rows(blueprint.Width);
        context.RequireThreadScratch(MatrixKernels.Pad(blueprint.HeadLength) + heads.ScratchFloats);
        activate = Activate;
        scan = Scan;
        finish = Finish;
    }

    protected override void Run()
    {
        Project(Matrices, weights.QueryKeyValue, Input, Panel.Rows(projected));
        Project(Matrices, weights.Gate, Input, Panel.Rows(gate));
        Matrices.Run();
        Pool.Run(Panel.Tokens, activate);
        Pool.Run(blueprint.HeadCount, scan);
        Pool.Run(Panel.Tokens, finish);
        ProjectToOutput(weights.Output, Panel.Rows(recalled));
    }

    private void Activate(int token, int worker) =>
        Primitives.Activate(Activation.Silu, Panel.Rows(projected)[token], null, 3 * blueprint.Width);

    private void Scan(int head, int worker)
    {
        int length = blueprint.HeadLength;
        float* decay = Panel.ThreadScratch(worker);
        float* scratch = decay + MatrixKernels.Pad(length);
        float* state = State + (head * heads.FloatsPerHead);

        // The slopes of linear biases: 2^(-8/n), 2^(-16/n), … for n heads.
        double start = Math.Pow(2, -Math.Pow(2, -(Math.Log2(blueprint.HeadCount) - 3)));
        new Span<float>(decay, length).Fill((float)Math.Exp(-Math.Pow(start, head + 1) * blueprint.SlopeScale));
        for (int token = 0; token < Panel.Tokens; token++)
        {
            float* query = Panel.Rows(projected)[token] + (3L * head * length);
            StateStep step = new()
            {
                Decay = decay,
                Key = query + length,
                Query = query,
                Value = query + (2L * length),
                Output = Panel.Rows(recalled)[token] + ((long)head * length),
            };
            heads.Advance(Recurrence, in step, state, scratch);
        }
    }

    private void Finish(int token, int worker)
    {
        float* row = Panel.Rows(recalled)[token];
        weights.OutputNorm.Apply(Primitives, row, row);
        Recurrence.MultiplyBySigmoid(row, Panel.Rows(gate)[token], blueprint.Width);
    }
}
